import assert from 'node:assert/strict';
import type { PathId } from '../../../protocol/ids.ts';
import type { RepositoryCases } from '../repositorySuite.ts';
import { rejectsWith } from './suiteWorld.ts';

export const isolationCases: RepositoryCases = {
  'shows nothing of one account to another': async (world) => {
    const lane = await world.lane(world.laptop);
    const file = world.chunk('secret');
    const root = world.tree({ file });
    const path = world.randomId<PathId>(24);
    const rows = [{ path, kind: 'add', from: undefined }] as const;
    const { request } = await world.commitWell(lane, { root: root.id, pack: await world.pack(root, file), rows });
    const { repository } = world.stranger;
    const { workspace } = lane;
    assert.deepEqual(await repository.workspaces(world), []);
    assert.deepEqual(await repository.lanesOfOrigin(lane.origin, world), []);
    assert.deepEqual(await world.isMissing(world.stranger, root.id, file.id), [true, true]);
    assert.deepEqual(await repository.fetch({ kind: 'objects', ids: [root.id, file.id] }, world), []);
    assert.deepEqual(await repository.fetch({ kind: 'under', roots: [root.id] }, world), []);
    assert.deepEqual(await repository.findSnapshots({ prefix: request.record.id }, world), []);
    await rejectsWith('not-found', repository.lanes(workspace, world));
    await rejectsWith('not-found', repository.snapshots({ workspace, before: undefined, limit: 9 }, world));
    await rejectsWith('not-found', repository.history({ workspace, path, ancestors: [], before: undefined, limit: 9 }, world));
    await rejectsWith('not-found', repository.createLane({ ...lane, id: world.randomId() }, world));
    await rejectsWith(['not-found', 'denied'], repository.commit(request, world));
  },

  'lets another account use the same names and store the same objects for itself': async (world) => {
    const lane = await world.lane(world.laptop);
    const file = world.chunk('same');
    const root = world.tree({ file });
    const pack = await world.pack(root, file);
    await world.commitWell(lane, { root: root.id, pack });
    const theirs = await world.lane(world.stranger);
    const refused = await world.commit(theirs, { root: root.id });
    assert.deepEqual(refused, { kind: 'missing', ids: [root.id] });
    await world.commitWell(theirs, { root: root.id, pack });
    assert.equal((await world.stranger.repository.workspaces(world)).length, 1);
    assert.equal((await world.laptop.repository.workspaces(world)).length, 1);
  },

  'does nothing once the caller gave up': async (world) => {
    const gone = { signal: AbortSignal.abort(new Error('stopped')) };
    const chunk = world.chunk('late');
    await assert.rejects(world.laptop.repository.putPack(await world.pack(chunk), gone), /stopped/);
    await assert.rejects(world.laptop.repository.workspaces(gone), /stopped/);
    assert.deepEqual(await world.isMissing(world.laptop, chunk.id), [true]);
  },
};
