import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isBackupError } from '../../base/errors.ts';
import { nodeHasher, nodeSealer } from '../../engine/platform/nodeCrypto.ts';
import { Dice } from '../../engine/testing/dice.ts';
import { SuiteWorld } from '../../engine/testing/repository/suiteWorld.ts';
import type { SuiteDevice, SuiteLane } from '../../engine/testing/repository/suiteWorld.ts';
import type { AccountId, LaneId, WorkspaceId } from '../../protocol/ids.ts';
import { devicesMax, lanesMax, refsMax, workspacesMax } from '../../protocol/limits.ts';
import { storingCompressor } from '../../test/simulation/packNow.ts';
import { SimulatedServer, soundStrategies } from '../../test/simulation/simulatedServer.ts';

describe('what an account may have', () => {
  let server: SimulatedServer;
  let account: AccountId;
  let laptop: SuiteDevice;
  let world: SuiteWorld;
  let lane: SuiteLane;
  beforeEach(async () => {
    const random = new Dice(4);
    server = await SimulatedServer.open({ dice: random, primitives: { hasher: nodeHasher, sealer: nodeSealer, compressor: storingCompressor, random }, strategies: soundStrategies });
    account = (await server.core.accounts.create({ name: 'me', passwordHash: '' })).id;
    const { id: device } = await server.core.accounts.createDevice({ account, name: 'laptop', tokenHash: random.bytes(32) });
    laptop = { repository: server.core.accountRepository({ account, device }), device, deviceName: 'laptop' };
    world = new SuiteWorld({ laptop, desktop: laptop, stranger: laptop, close: async () => {} }, server.primitives);
    lane = await world.lane(laptop);
  });
  afterEach(() => server.close());

  /** So many rows more, of which `values` says what is in them; `n` counts. */
  function insert(table: string, columns: string, values: string, count: number): void {
    server.database.exec(`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
      insert into ${table} (${columns}) select ${values} from numbers`);
  }
  const isFull = (error: unknown): boolean => isBackupError(error, 'limit') && error.details['reason'] === 'quota';

  test('of workspaces is bounded; the same one again is fine', async () => {
    insert('workspaces', 'account, id, name, created_at', "1, randomblob(16), 'w' || n, 1", workspacesMax - 2);
    const last = { id: world.randomId<WorkspaceId>(), name: 'last' };
    await laptop.repository.createWorkspace(last, world);
    await assert.rejects(laptop.repository.createWorkspace({ id: world.randomId<WorkspaceId>(), name: 'more' }, world), isFull);
    await laptop.repository.createWorkspace(last, world);
  });

  test('of lanes is bounded', async () => {
    insert('lanes', 'account, id, workspace, device, origin, created_at, head_n, head_seq', "1, randomblob(16), 1, 1, x'00', 1, 0, 0", lanesMax - 1);
    await assert.rejects(laptop.repository.createLane({ ...lane, id: world.randomId<LaneId>() }, world), isFull);
    await laptop.repository.createLane(lane, world);
  });

  test('of devices counts those that are not revoked', async () => {
    insert('devices', 'account, id, name, token_hash, created_at', "1, randomblob(16), 'd', randomblob(32), 1", devicesMax - 1);
    const more = { account, name: 'more', tokenHash: world.context.random.bytes(32) };
    await assert.rejects(server.core.accounts.createDevice(more), isFull);
    const [{ id: device } = { id: laptop.device }] = await server.core.accounts.devices(account);
    await server.core.accounts.revokeDevice({ account, device });
    await server.core.accounts.createDevice(more);
  });

  test('of refs is bounded; those that are there move on', async () => {
    insert('refs', 'workspace, name, snapshot, moved_at', "1, 'r' || n, x'00', 1", refsMax - 1);
    const root = world.tree({});
    const first = await world.commitWell(lane, { root: root.id, pack: await world.pack(root), advance: { ref: 'main', expect: undefined } });
    await assert.rejects(world.commit(lane, { root: root.id, advance: { ref: 'more', expect: undefined } }), isFull);
    const next = await world.commitWell(lane, { root: root.id, advance: { ref: 'main', expect: first.request.record.id } });
    assert.equal(next.advanced, true);
  });

  test('of bytes counts snapshots too: what the quota does not hold is not committed', async () => {
    const root = world.tree({});
    const usedBytes = async (): Promise<number> => (await server.core.accounts.find(account))!.usedBytes;
    const first = await world.commitWell(lane, { root: root.id, pack: await world.pack(root) });
    const before = await usedBytes();
    const again = await laptop.repository.commit(first.request, world);
    assert.equal(again.kind, 'committed');
    assert.equal(await usedBytes(), before, 'once');
    const next = world.request(lane, { root: root.id });
    const bytes = next.record.header.length + next.record.sealed!.length + next.rows.length;
    await server.core.accounts.setQuota(account, before + bytes - 1);
    await assert.rejects(laptop.repository.commit(next, world), isFull);
    await server.core.accounts.setQuota(account, before + bytes);
    assert.equal((await laptop.repository.commit(next, world)).kind, 'committed');
    assert.equal(await usedBytes(), before + bytes);
  });
});
