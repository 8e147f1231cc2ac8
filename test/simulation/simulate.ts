import assert from 'node:assert/strict';
import { toHex } from '../../base/bytes.ts';
import { isBackupError } from '../../base/errors.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { deriveKeys } from '../../engine/core/keys/deriveKeys.ts';
import { createKeyRing } from '../../engine/core/keys/keyRing.ts';
import { nodeHasher, nodeSealer } from '../../engine/platform/nodeCrypto.ts';
import type { Primitives } from '../../engine/ports/primitives.ts';
import { Dice } from '../../engine/testing/dice.ts';
import type { AccountId, SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import { decodeSnapshotBody } from '../../server/core/volumeRecord.ts';
import { readVolume } from '../../server/core/volumeReader.ts';
import { FaultyNetwork } from './faultyNetwork.ts';
import { storingCompressor } from './packNow.ts';
import { chunksBeneath, readTree, Restorer } from './restorer.ts';
import type { Files } from './restorer.ts';
import { SimulatedClient } from './simulatedClient.ts';
import type { Acknowledged } from './simulatedClient.ts';
import { SimulatedServer, soundStrategies } from './simulatedServer.ts';
import type { Strategies } from './simulatedServer.ts';

export interface SimulationReport {
  readonly acknowledged: number;
  readonly crashes: number;
  readonly gathered: number;
}

const { signal } = new AbortController();
const stepsCount = 20;

/** Runs one history that the seed decides; throws at the first broken promise. */
export async function simulate(seed: number, strategies: Strategies = soundStrategies): Promise<SimulationReport> {
  const simulation = await Simulation.open(seed, strategies);
  let step = 0;
  try {
    for (; step < stepsCount; step++) await simulation.step();
    return await simulation.finish();
  } catch (error) {
    throw new Error(`seed ${seed}, step ${step}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    simulation.close();
  }
}

interface Account {
  readonly id: AccountId;
  readonly context: FormatContext;
  readonly restorer: Restorer;
  readonly clients: SimulatedClient[];
}

class Simulation {
  readonly #dice: Dice;
  readonly #server: SimulatedServer;
  readonly #network: FaultyNetwork;
  readonly #accounts: readonly Account[];
  #gathered = 0;

  private constructor({ dice, server, network, accounts }: { dice: Dice; server: SimulatedServer; network: FaultyNetwork; accounts: readonly Account[] }) {
    this.#dice = dice;
    this.#server = server;
    this.#network = network;
    this.#accounts = accounts;
  }

  static async open(seed: number, strategies: Strategies): Promise<Simulation> {
    const dice = new Dice(seed);
    const primitives: Primitives = { hasher: nodeHasher, sealer: nodeSealer, compressor: storingCompressor, random: dice };
    const server = await SimulatedServer.open({ dice, primitives, strategies });
    const network = new FaultyNetwork({ dice, server });
    const common = Array.from({ length: 4 }, () => dice.bytes(dice.below(1_600)));
    const accounts: Account[] = [];
    for (const name of ['one', 'two']) {
      const { id } = await server.core.accounts.create({ name, passwordHash: '' });
      const context = { ...primitives, keys: deriveKeys(createKeyRing(dice), nodeHasher) };
      const account: Account = { id, context, restorer: new Restorer(context), clients: [] };
      const workspace = toHex(dice.bytes(16)) as WorkspaceId;
      for (let i = 0; i < 2; i++) {
        const { id: device } = await server.core.accounts.createDevice({ account: id, name: `device ${i}`, tokenHash: dice.bytes(32) });
        account.clients.push(new SimulatedClient({ scope: { account: id, device }, workspace, context, dice, network, server, common }));
      }
      accounts.push(account);
    }
    return new Simulation({ dice, server, network, accounts });
  }

  close(): void {
    this.#server.close();
  }

  /** Something happens; then whatever was acknowledged must be there. */
  async step(): Promise<void> {
    const dice = this.#dice;
    const crashesBefore = this.#server.crashes;
    if (dice.chance(0.3)) this.#server.life.crashAfter(dice.below(30));
    const trouble = dice.below(12);
    this.#server.disk.full = trouble === 0;
    this.#server.disk.syncFails = trouble === 1;
    this.#server.limitDatabase(trouble === 2 ? dice.below(4) : undefined);

    const everyone = this.#accounts.flatMap(({ clients }) => clients);
    const pushing = everyone.filter(() => dice.chance(0.4));
    const work: Promise<unknown>[] = pushing.map((client) => client.push());
    if (dice.chance(0.3)) work.push(this.#gather());
    if (dice.chance(0.2)) work.push(this.#network.deliverLate());
    await Promise.all(work);

    if (dice.chance(0.05)) this.#server.life.crash();
    const gathered = this.#gathered;
    while (this.#server.life.dead) await this.#restart();
    // Everything, when something could have been lost; else what was acknowledged last.
    const everything = this.#server.crashes > crashesBefore || gathered < this.#gathered || dice.chance(0.1);
    await this.#calmly(() => this.#verify(everything ? Infinity : 1));
  }

  async finish(): Promise<SimulationReport> {
    await this.#server.restart();
    await this.#calmly(async () => {
      await this.#verify(Infinity);
      assert.deepEqual(await this.#server.problems(), [], 'check finds nothing wrong');
      await this.#verifyIsolation();
      await this.#verifyVolumes();
      for (const client of this.#accounts.flatMap(({ clients }) => clients)) {
        const before = client.acknowledged.length;
        await client.push();
        assert.equal(client.acknowledged.length, before + 1, 'when all is well again, a push is acknowledged');
      }
      await this.#verify(1);
    });
    const acknowledged = this.#accounts.flatMap(({ clients }) => clients.flatMap((client) => client.acknowledged));
    return { acknowledged: acknowledged.length, crashes: this.#server.crashes, gathered: this.#gathered };
  }

  async #gather(): Promise<void> {
    try {
      const report = await Promise.race([this.#server.core.gather(), this.#server.life.death]);
      this.#gathered += report.segments;
    } catch (error) {
      if (!isBackupError(error, 'unavailable') && !isBackupError(error, 'limit')) throw error;
    }
  }

  async #restart(): Promise<void> {
    try {
      await this.#server.restart();
    } catch (error) {
      if (!isBackupError(error, 'unavailable')) throw error;
    }
  }

  /** With a quiet network, a sound disk and no crashes. */
  async #calmly(work: () => Promise<void>): Promise<void> {
    this.#network.calm = true;
    this.#server.life.crashAfter(Number.MAX_SAFE_INTEGER);
    this.#server.disk.full = false;
    this.#server.disk.syncFails = false;
    this.#server.limitDatabase(undefined);
    await work();
    this.#network.calm = false;
  }

  /** The newest acknowledged snapshots of every client restore byte for byte, seen from one device of the account. */
  async #verify(newest: number): Promise<void> {
    for (const { clients, restorer } of this.#accounts) {
      const some = clients.flatMap(({ acknowledged }) => (newest === Infinity ? acknowledged : acknowledged.slice(-newest)));
      if (some.length > 0) await verifySnapshots(some, { reader: clients.at(-1)!, restorer });
    }
  }

  /** To one account, nothing of the other is there. */
  async #verifyIsolation(): Promise<void> {
    const [mine, theirs] = this.#accounts as readonly [Account, Account];
    const { repository } = theirs.clients[0]!;
    for (const { root, request } of mine.clients.flatMap(({ acknowledged }) => acknowledged)) {
      assert.deepEqual(await repository.findSnapshots({ prefix: request.record.id }, { signal }), []);
      assert.deepEqual(await repository.missing([root], { signal }), new Set([root]));
      assert.deepEqual(await repository.fetch({ kind: 'objects', ids: [root] }, { signal }), []);
    }
  }

  /** What clients were told is gathered restores from volumes alone, as after the loss of the database. */
  async #verifyVolumes(): Promise<void> {
    const { disk, primitives } = this.#server;
    const segments = new Map<AccountId, Uint8Array[]>(this.#accounts.map(({ id }) => [id, []]));
    const snapshots = new Set<SnapshotId>();
    for (const { name } of await disk.list()) {
      for await (const entry of readVolume(name, { disk, hasher: primitives.hasher, signal, bodies: 'all' })) {
        if (entry.kind !== 'record') continue;
        const { kind, account, body } = entry.record;
        if (kind === 'segment') segments.get(account)!.push(body);
        if (kind === 'snapshot') snapshots.add(decodeSnapshotBody(body, primitives.hasher).record.id);
      }
    }
    for (const { id, clients, restorer } of this.#accounts) {
      const objects = await restorer.open(segments.get(id)!);
      const gatheredSeq = Math.max(...clients.map((client) => client.gatheredSeq));
      for (const { seq, root, files, request } of clients.flatMap(({ acknowledged }) => acknowledged)) {
        if (seq > gatheredSeq) continue;
        assert.ok(snapshots.has(request.record.id), 'a gathered snapshot is in a volume');
        assertSameFiles(readTree(root, objects), files);
      }
    }
  }
}

async function verifySnapshots(
  some: readonly Acknowledged[],
  { reader, restorer }: { readonly reader: SimulatedClient; readonly restorer: Restorer },
): Promise<void> {
  const { repository } = reader;
  const { workspace } = reader.parts;
  const stored = new Map((await repository.snapshots({ workspace, before: undefined, limit: 500 }, { signal })).map((one) => [one.record.id, one]));
  const roots = [...new Set(some.map(({ root }) => root))];
  const trees = await restorer.open(await repository.fetch({ kind: 'under', roots }, { signal }));
  const ids = [...new Set(roots.flatMap((root) => [...chunksBeneath(root, trees)]))];
  const chunks = await restorer.open(await repository.fetch({ kind: 'objects', ids }, { signal }));
  const objects = new Map([...trees, ...chunks]);
  for (const { request, root, files, seq } of some) {
    const { record } = request;
    const found = stored.get(record.id);
    assert.ok(found, `snapshot ${record.id} is gone`);
    assert.deepEqual([found.seq, toHex(found.record.header), toHex(found.record.sealed!)], [seq, toHex(record.header), toHex(record.sealed!)]);
    assertSameFiles(readTree(root, objects), files);
  }
}

function assertSameFiles(restored: Files, wanted: Files): void {
  assert.deepEqual([...restored.keys()].sort(), [...wanted.keys()].sort());
  for (const [path, bytes] of wanted) assert.ok(Buffer.compare(restored.get(path)!, bytes) === 0, `${path} restores byte for byte`);
}

