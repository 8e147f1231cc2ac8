import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fromHex } from '../../base/bytes.ts';
import { nodeHasher, nodeSealer } from '../../engine/platform/nodeCrypto.ts';
import type { PlainObject } from '../../engine/core/segment/segmentTypes.ts';
import { Dice } from '../../engine/testing/dice.ts';
import { SuiteWorld } from '../../engine/testing/repository/suiteWorld.ts';
import type { SuiteDevice, SuiteLane } from '../../engine/testing/repository/suiteWorld.ts';
import type { AccountId, ObjectId, TreeId } from '../../protocol/ids.ts';
import { storingCompressor } from '../../test/simulation/packNow.ts';
import { SimulatedServer, soundStrategies } from '../../test/simulation/simulatedServer.ts';
import { inlineStore } from '../db/inlineStore.ts';
import { walkClosure } from './closure.ts';

const primitives = { hasher: nodeHasher, sealer: nodeSealer, compressor: storingCompressor };

/** A server with an account whose devices all know its keys; one of them lies about what lies beneath its trees. */
class LyingWorld {
  readonly server: SimulatedServer;
  readonly account: AccountId;
  readonly world: SuiteWorld;
  readonly honest: SuiteDevice;
  readonly liar: SuiteDevice;
  readonly late: SuiteDevice;
  readonly #lanes = new Map<SuiteDevice, SuiteLane>();

  private constructor(server: SimulatedServer, account: AccountId, [honest, liar, late]: readonly [SuiteDevice, SuiteDevice, SuiteDevice]) {
    this.server = server;
    this.account = account;
    [this.honest, this.liar, this.late] = [honest, liar, late];
    this.world = new SuiteWorld({ laptop: honest, desktop: late, stranger: liar, close: async () => {} }, server.primitives);
  }

  static async open(seed: number): Promise<LyingWorld> {
    const dice = new Dice(seed);
    const server = await SimulatedServer.open({ dice, primitives: { ...primitives, random: dice }, strategies: soundStrategies });
    const { id: account } = await server.core.accounts.create({ name: 'me', passwordHash: '' });
    const device = async (deviceName: string): Promise<SuiteDevice> => {
      const { id } = await server.core.accounts.createDevice({ account, name: deviceName, tokenHash: dice.bytes(32) });
      return { repository: server.core.accountRepository({ account, device: id }), device: id, deviceName };
    };
    return new LyingWorld(server, account, [await device('honest'), await device('liar'), await device('late')]);
  }

  async put(by: SuiteDevice, ...objects: readonly PlainObject[]): Promise<void> {
    await by.repository.putPack(await this.world.pack(...objects), this.world);
  }

  async commit(by: SuiteDevice, root: PlainObject): Promise<ReadonlySet<ObjectId> | 'committed'> {
    let lane = this.#lanes.get(by);
    if (lane === undefined) this.#lanes.set(by, (lane = await this.world.lane(by, await this.world.workspace(by, by.deviceName))));
    const result = await this.world.commit(lane, { root: root.id as TreeId });
    assert.ok(result.kind !== 'stale');
    return result.kind === 'missing' ? new Set(result.ids) : 'committed';
  }

  async markCompromised({ device }: SuiteDevice, since: number): Promise<void> {
    const store = inlineStore(this.server.database, walkClosure);
    const [outcome] = await store.commitBatch([{ name: 'markCompromised', request: { account: this.account, device, since } }]);
    assert.equal(outcome?.kind, 'done');
  }

  /** When the server received a segment of this object. */
  receivedAt({ id }: PlainObject): number {
    const found = 'select max(s.received_at) as at from locations l join segments s on s.key = l.segment where l.object = ?';
    return Number(this.server.database.prepare(found).get(fromHex(id))?.['at']);
  }
}

describe('a device that lies about a tree', () => {
  let lying: LyingWorld;
  beforeEach(async () => (lying = await LyingWorld.open(7)));
  afterEach(() => lying.server.close());

  test('cannot have it closed for another one by a shorter list, in any order', async () => {
    const { honest, liar, late, world } = lying;
    const steps = ['truth', 'lie', 'lie committed'] as const;
    for (const order of permutations(steps)) {
      const gone = world.chunk(`gone ${order.join()}`);
      const tree = world.tree({ gone });
      const above = world.tree({ tree });
      const root = world.tree({ above });
      for (const step of order) {
        if (step === 'truth') await lying.put(honest, tree);
        if (step === 'lie') await lying.put(liar, { ...tree, children: [] }, above);
        if (step === 'lie committed') await lying.commit(liar, above);
      }
      await lying.put(late, root);
      assert.deepEqual(await lying.commit(late, root), new Set([above.id, tree.id, gone.id]), order.join());
      await lying.put(late, gone);
      assert.equal(await lying.commit(late, root), 'committed');
    }
  });

  test('cannot hold up for good who tells the truth, whoever came first', async () => {
    const { liar, late, world } = lying;
    const lies = [(tree: PlainObject) => ({ ...tree, children: [world.randomId<ObjectId>(24)] }), (tree: PlainObject) => ({ ...tree, kind: 'chunk' as const, children: [] })];
    for (const [i, lie] of lies.entries()) {
      for (const first of ['lie', 'truth']) {
        const file = world.chunk(`file ${i} ${first}`);
        const tree = world.tree({ file });
        const root = world.tree({ tree });
        if (first === 'lie') await lying.put(liar, lie(tree));
        await lying.put(late, root, tree, file);
        if (first === 'truth') await lying.put(liar, lie(tree));
        assert.equal(await lying.commit(late, root), 'committed');
        assert.equal(await lying.commit(late, root), 'committed');
      }
      const file = world.chunk(`alone ${i}`);
      const tree = world.tree({ file });
      await lying.put(liar, lie(tree));
      await lying.put(late, world.tree({ tree }));
      const asked = await lying.commit(late, world.tree({ tree }));
      if (asked === 'committed') continue; // nobody but the liar has said anything of it
      assert.ok(asked.has(tree.id), 'the tree itself is asked for');
      await lying.put(late, tree, file);
      assert.equal(await lying.commit(late, world.tree({ tree })), 'committed');
    }
  });

  test('that says of a chunk that it is a tree: whoever has the chunk sends it, and is served', async () => {
    const { honest, liar, late, world } = lying;
    const file = world.chunk('file');
    const root = world.tree({ file });
    await lying.put(honest, root, file);
    assert.equal(await lying.commit(honest, root), 'committed');
    const lie = { ...world.tree({}), id: file.id, kind: 'tree', children: [world.randomId<ObjectId>(24)] } as const;
    await lying.put(liar, lie);
    assert.equal(await lying.commit(honest, root), 'committed');
    const next = world.tree({ root });
    await lying.put(late, next);
    const asked = await lying.commit(late, next);
    assert.ok(asked !== 'committed' && asked.has(file.id));
    await lying.put(late, file, root);
    assert.equal(await lying.commit(late, next), 'committed');
    assert.deepEqual(await lying.server.problems(), []);
  });

  test('honest copies leave what is closed closed: a commit above it looks no further', async () => {
    const { honest, late, world } = lying;
    const files = Array.from({ length: 50 }, (_, i) => world.chunk(`file ${i}`));
    const tree = world.tree(Object.fromEntries(files.map((file, i) => [`f${i}`, file])));
    await lying.put(honest, tree, ...files);
    assert.equal(await lying.commit(honest, tree), 'committed');
    for (let i = 0; i < 3; i++) await lying.put(late, tree, files[i]!);
    assert.deepEqual(closedNow(), [tree.id]);
    await lying.put(late, { ...tree, children: tree.children.toReversed() });
    assert.deepEqual(closedNow(), [tree.id], 'what declares nothing new opens nothing');
    await lying.put(late, { ...tree, children: [...tree.children, world.randomId<ObjectId>(24)] });
    assert.deepEqual(closedNow(), []);
  });

  function closedNow(): readonly string[] {
    const rows = lying.server.database.prepare('select hex(o.id) as id from objects o join accounts a on a.key = o.account where o.kind <> 1 and o.closed = a.closure_epoch').all();
    return rows.map(({ id }) => String(id).toLowerCase());
  }

  test('in random histories: nothing is acknowledged that lacks what an honest device declared, and all get through', async () => {
    for (let seed = 1; seed <= 12; seed++) await randomHistory(seed);
  });
});

describe('a device marked as compromised since some time', () => {
  let lying: LyingWorld;
  beforeEach(async () => (lying = await LyingWorld.open(8)));
  afterEach(() => lying.server.close());

  test('what it sent since then is missing, closes nothing and is fetched by nobody; what it sent before stays', async () => {
    const { liar, late, world } = lying;
    const [early, recent] = [world.chunk('early'), world.chunk('recent')];
    const tree = world.tree({ early, recent });
    const root = world.tree({ tree });
    await lying.put(liar, early);
    await lying.put(liar, recent, tree);
    await lying.put(late, root);
    assert.equal(await lying.commit(late, root), 'committed');
    await lying.markCompromised(liar, lying.receivedAt(recent));
    assert.deepEqual(await world.isMissing(late, early.id, recent.id, tree.id, root.id), [false, true, true, false]);
    assert.deepEqual(await late.repository.fetch({ kind: 'objects', ids: [recent.id, tree.id] }, world), []);
    assert.deepEqual(await lying.commit(late, root), new Set([tree.id]));
    await lying.put(late, tree);
    assert.deepEqual(await lying.commit(late, root), new Set([recent.id]));
    await lying.put(late, recent);
    assert.equal(await lying.commit(late, root), 'committed');
    assert.equal((await late.repository.fetch({ kind: 'objects', ids: [recent.id, tree.id] }, world)).length, 2);
    assert.deepEqual(await lying.server.problems(), []);
  });

  test('its lists bind nobody any more', async () => {
    const { honest, liar, late, world } = lying;
    const file = world.chunk('file');
    const tree = world.tree({ file });
    const root = world.tree({ tree });
    await lying.put(honest, tree, file);
    await lying.put(liar, { ...tree, children: [world.randomId<ObjectId>(24)] });
    await lying.put(late, root);
    assert.notEqual(await lying.commit(late, root), 'committed');
    await lying.markCompromised(liar, 0);
    assert.equal(await lying.commit(late, root), 'committed');
  });

  test('the very bytes that it sent count again once another device sends them, small or large', async () => {
    const { liar, late, world } = lying;
    for (const text of ['small', 'large'.repeat(2_000)]) {
      const file = world.chunk(text);
      const tree = world.tree({ file });
      const pack = await world.pack(tree, file);
      await liar.repository.putPack(pack, world);
      await lying.markCompromised(liar, lying.receivedAt(file));
      assert.deepEqual(await lying.commit(late, tree), new Set([tree.id]));
      await late.repository.putPack(pack, world);
      assert.equal(await lying.commit(late, tree), 'committed');
      assert.deepEqual(await lying.server.problems(), []);
    }
  });
});

interface Node {
  readonly object: PlainObject;
  readonly children: readonly Node[];
}

/** Random trees of three levels; every device uploads some of them at random, the liar with other lists. */
async function randomHistory(seed: number): Promise<void> {
  const lying = await LyingWorld.open(seed);
  const { honest, liar, late, world } = lying;
  const dice = new Dice(seed);
  const chunks = Array.from({ length: 6 }, (_, i): Node => ({ object: world.chunk(`chunk ${i}`), children: [] }));
  const levels: Node[][] = [chunks];
  for (let level = 1; level <= 3; level++) {
    const below = levels.flat();
    levels.push(Array.from({ length: 3 }, (_, i): Node => {
      const children = [dice.pick(levels[level - 1]!), ...Array.from({ length: dice.below(3) }, () => dice.pick(below))];
      const named = Object.fromEntries(children.map(({ object }, n) => [`${level}-${i}-${n}`, object]));
      return { object: world.tree(named), children };
    }));
  }
  const all = levels.flat();
  const byId = new Map(all.map((node) => [node.object.id, node]));
  const truths = new Set<ObjectId>();
  const stored = new Set<ObjectId>();
  const upload = async (by: SuiteDevice, nodes: readonly Node[]): Promise<void> => {
    if (nodes.length === 0) return;
    await lying.put(by, ...nodes.map(({ object }) => object));
    for (const { object } of nodes) {
      truths.add(object.id);
      stored.add(object.id);
    }
  };
  const lie = async ({ object }: Node): Promise<void> => {
    const keep = object.children.filter(() => dice.chance(0.5));
    const children = dice.chance(0.3) ? [...keep, dice.chance(0.5) ? dice.pick(all).object.id : world.randomId<ObjectId>(24)] : keep;
    await lying.put(liar, { ...object, kind: 'tree', children: [...new Set(children)] });
    stored.add(object.id);
  };
  /** What cannot be had, though the server was told of it. */
  const lacking = ({ object, children }: Node): readonly string[] => {
    if (!stored.has(object.id)) return [object.id];
    return truths.has(object.id) ? children.flatMap(lacking) : [];
  };
  const commit = async (by: SuiteDevice, node: Node): Promise<void> => {
    for (let round = 0; round < 40; round++) {
      const answer = await lying.commit(by, node.object);
      if (answer === 'committed') {
        assert.deepEqual(lacking(node), [], `seed ${seed}: acknowledged with something missing`);
        return;
      }
      await upload(by, [...answer].map((id) => byId.get(id)).filter((known) => known !== undefined));
    }
    assert.fail(`seed ${seed}: an honest device is held up`);
  };
  for (let step = 0; step < 40; step++) {
    const node = dice.pick(all.filter(({ children }) => children.length > 0));
    const action = dice.below(5);
    if (action === 0) await upload(dice.chance(0.5) ? honest : late, [dice.pick(all)]);
    else if (action <= 2) await lie(node);
    else if (action === 3) await lying.commit(liar, node.object);
    else await commit(dice.chance(0.5) ? honest : late, node);
  }
  assert.deepEqual((await lying.server.problems()).filter(({ what }) => what === 'object'), []);
  lying.server.close();
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
