import assert from 'node:assert/strict';
import type { LaneId, OriginId, WorkspaceId } from '../../../protocol/ids.ts';
import { parseInstanceId } from '../../../protocol/ids.ts';
import type { RepositoryCases } from '../repositorySuite.ts';
import { rejectsWith } from './suiteWorld.ts';

export const workspaceCases: RepositoryCases = {
  'names its incarnation, the same to every device': async (world) => {
    const instance = parseInstanceId(await world.laptop.repository.instance(world));
    assert.equal(await world.desktop.repository.instance(world), instance);
  },

  'creates a workspace once; the same call again changes nothing': async (world) => {
    const id = await world.workspace(world.laptop, 'a');
    await world.laptop.repository.createWorkspace({ id, name: 'a' }, world);
    await world.desktop.repository.createWorkspace({ id, name: 'a' }, world);
    const seen = await world.desktop.repository.workspaces(world);
    assert.deepEqual(seen.map(({ id, name, latest }) => ({ id, name, latest })), [{ id, name: 'a', latest: undefined }]);
  },

  'refuses a workspace name that another workspace of the account has': async (world) => {
    await world.workspace(world.laptop, 'a');
    const id = world.randomId<WorkspaceId>();
    await rejectsWith('conflict', world.desktop.repository.createWorkspace({ id, name: 'a' }, world));
    await world.desktop.repository.createWorkspace({ id, name: 'a-2' }, world);
    assert.equal((await world.laptop.repository.workspaces(world)).length, 2);
  },

  'keeps workspace names as they were typed': async (world) => {
    const names = ['Pröjekt', 'Pro\u0308jekt', 'a b', '漢字 🧭'];
    for (const name of names) await world.workspace(world.laptop, name);
    const seen = (await world.laptop.repository.workspaces(world)).map(({ name }) => name);
    assert.deepEqual(new Set(seen), new Set(names));
  },

  'creates a lane once and shows it to every device of the account': async (world) => {
    const lane = await world.lane(world.laptop);
    await world.laptop.repository.createLane(lane, world);
    const wanted = [
      { id: lane.id, workspace: lane.workspace, origin: lane.origin, device: world.laptop.device, deviceName: world.laptop.deviceName, head: undefined },
    ];
    assert.deepEqual(await world.desktop.repository.lanes(lane.workspace, world), wanted);
    assert.deepEqual(await world.desktop.repository.lanesOfOrigin(lane.origin, world), wanted);
    assert.deepEqual(await world.desktop.repository.lanesOfOrigin(world.randomId<OriginId>(24), world), []);
  },

  'refuses a lane id of another device, and a lane of an unknown workspace': async (world) => {
    const lane = await world.lane(world.laptop);
    await rejectsWith('conflict', world.desktop.repository.createLane(lane, world));
    const workspace = world.randomId<WorkspaceId>();
    const stray = { id: world.randomId<LaneId>(), workspace, origin: lane.origin };
    await rejectsWith('not-found', world.laptop.repository.createLane(stray, world));
    await rejectsWith('not-found', world.laptop.repository.lanes(workspace, world));
  },

  'answers the lanes of an origin with the newest head first': async (world) => {
    const older = await world.lane(world.laptop);
    const newer = { ...(await world.lane(world.desktop, older.workspace)) };
    const sameOrigin = { id: world.randomId<LaneId>(), workspace: older.workspace, origin: older.origin };
    await world.desktop.repository.createLane(sameOrigin, world);
    const tree = world.tree({});
    const pack = await world.pack(tree);
    await world.commitWell(older, { root: tree.id, pack });
    await world.commitWell({ ...newer, ...sameOrigin }, { root: tree.id });
    const order = async (): Promise<unknown> => (await world.laptop.repository.lanesOfOrigin(older.origin, world)).map(({ id }) => id);
    assert.deepEqual(await order(), [sameOrigin.id, older.id]);
    await world.commitWell(older, { root: tree.id });
    assert.deepEqual(await order(), [older.id, sameOrigin.id]);
  },

  'keeps the first key ring and answers it to whoever comes later': async (world) => {
    assert.equal(await world.laptop.repository.getRing(world), undefined);
    const first = await world.laptop.repository.createRing(Uint8Array.of(1, 2, 3), world);
    assert.deepEqual(Uint8Array.from(first.bytes), Uint8Array.of(1, 2, 3));
    const second = await world.desktop.repository.createRing(Uint8Array.of(9), world);
    assert.deepEqual(Uint8Array.from(second.bytes), Uint8Array.of(1, 2, 3));
    const read = await world.desktop.repository.getRing(world);
    assert.deepEqual({ ...read, bytes: [...(read?.bytes ?? [])] }, { custody: 'managed', version: first.version, bytes: [1, 2, 3] });
    assert.equal(await world.stranger.repository.getRing(world), undefined);
  },
};
