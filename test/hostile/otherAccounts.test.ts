import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { LaneId, ObjectId, PathId, SnapshotId, TreeId, WorkspaceId } from '../../protocol/ids.ts';
import { apiPrefix } from '../../protocol/routes.ts';
import { encodeSnapshot } from '../../engine/core/snapshot/encodeSnapshot.ts';
import { decodeSnapshotHeader } from '../../engine/core/snapshot/snapshotHeader.ts';
import { encodeSnapshotRecord } from '../../engine/core/snapshot/snapshotRecord.ts';
import type { SnapshotHeader } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { CommitRequest } from '../../engine/ports/repository.ts';
import { sampleDetails } from '../../engine/testing/formatSamples.ts';
import type { SuiteLane } from '../../engine/testing/repository/suiteWorld.ts';
import type { RawAnswer } from '../support/liveServer.ts';
import { checkRefused, form, HostileWorld } from './hostileWorld.ts';

/** All that mallory could have found out about ann by other ways: ids are no secrets. */
interface Known {
  readonly lane: SuiteLane;
  readonly chunk: ObjectId;
  readonly root: TreeId;
  readonly path: PathId;
  readonly snapshot: SnapshotId;
  readonly request: CommitRequest;
}

describe('another account’s ids', () => {
  let hostile: HostileWorld;
  let known: Known;
  before(async () => {
    hostile = await HostileWorld.open();
    const { world, ann } = hostile;
    const lane = await world.lane(ann);
    const file = world.chunk('ann’s secret');
    const root = world.tree({ file });
    const path = world.randomId<PathId>(24);
    const advance = { ref: 'main', expect: undefined };
    const rows = [{ path, kind: 'add', from: undefined }] as const;
    const { request } = await world.commitWell(lane, { root: root.id, pack: await world.pack(file, root), rows, advance });
    known = { lane, chunk: file.id, root: root.id, path, snapshot: request.record.id, request };
  });
  afterEach(async () => {
    await hostile.stillServes();
    await hostile.stillServes(hostile.mallory);
  });
  after(() => hostile.close());

  /** What mallory gets for an id of ann's must be what she gets for one that nobody has. */
  async function checkSame(ask: (ids: { workspace: string; lane: string; origin: string; device: string; path: string; object: string; snapshot: string }) => Promise<RawAnswer>): Promise<void> {
    const { world } = hostile;
    const anns = { workspace: known.lane.workspace, lane: known.lane.id, origin: known.lane.origin, device: hostile.ann.device, path: known.path, object: known.root, snapshot: known.snapshot };
    const nobodys = { workspace: world.randomId(), lane: world.randomId(), origin: world.randomId(24), device: world.randomId(), path: world.randomId(24), object: world.randomId(24), snapshot: world.randomId(32) };
    const [one, other] = [await ask(anns), await ask(nobodys)];
    assert.deepEqual({ status: one.status, text: one.text }, { status: other.status, text: other.text });
  }

  function send(method: string, path: string, json?: object): Promise<RawAnswer> {
    const body = json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
    return hostile.server.raw({ method, path: apiPrefix + path, token: hostile.mallory.token, ...body });
  }

  test('are answered exactly like ids that nobody has', async () => {
    await checkSame(({ workspace }) => send('GET', `/workspaces/${workspace}/lanes`));
    await checkSame(({ workspace }) => send('GET', `/workspaces/${workspace}/snapshots`));
    await checkSame(({ origin }) => send('GET', `/origins/${origin}/lanes`));
    await checkSame(({ device }) => send('DELETE', `/devices/${device}`));
    await checkSame(({ snapshot }) => send('GET', `/snapshots?prefix=${snapshot}`));
    await checkSame(({ snapshot }) => send('GET', `/snapshots?prefix=${snapshot.slice(0, 9)}`));
    await checkSame(({ object }) => send('POST', '/objects/fetch', { kind: 'objects', ids: [object] }));
    await checkSame(({ object }) => send('POST', '/objects/fetch', { kind: 'under', roots: [object] }));
    await checkSame(({ workspace, path }) => send('POST', `/workspaces/${workspace}/paths`, { path, ancestors: [path], before: null, limit: 9 }));
    await checkSame(({ workspace, lane, origin }) => send('PUT', `/workspaces/${workspace}/lanes/${lane}`, { origin }));
    await checkSame(({ object }) => {
      const headers = { 'content-type': 'application/octet-stream' };
      return hostile.server.raw({ method: 'POST', path: `${apiPrefix}/objects/missing`, token: hostile.mallory.token, headers, body: Buffer.from(object, 'hex') });
    });
  });

  test('make no prefix ambiguous, and every start of them finds nothing', async () => {
    for (let length = 1; length <= 64; length++) {
      const found = await hostile.mallory.repository.findSnapshots({ prefix: known.snapshot.slice(0, length) }, hostile.world);
      assert.ok(found.every(({ record }) => record.id !== known.snapshot));
    }
  });

  test('may be used for things of one’s own, which stay apart', async () => {
    const { world, ann, mallory } = hostile;
    const { lane } = known;
    await mallory.repository.createWorkspace({ id: lane.workspace, name: 'project' }, world);
    await mallory.repository.createLane({ id: lane.id, workspace: lane.workspace, origin: lane.origin }, world);
    const mine: SuiteLane = { ...lane, by: mallory, head: undefined };
    assert.deepEqual(await world.commit(mine, { root: known.root }), { kind: 'missing', ids: [known.root] });
    const file = world.chunk('mallory’s');
    const root = world.tree({ file });
    await world.commitWell(mine, { root: root.id, pack: await world.pack(file, root), advance: { ref: 'main', expect: undefined } });
    const page = { workspace: lane.workspace, before: undefined, limit: 9 };
    assert.deepEqual((await ann.repository.snapshots(page, world)).map(({ record }) => record.id), [known.snapshot]);
    assert.equal((await mallory.repository.snapshots(page, world)).length, 1);
    assert.deepEqual((await ann.repository.lanesOfOrigin(lane.origin, world)).map(({ device }) => device), [ann.device]);
    assert.equal((await ann.repository.workspaces(world)).filter(({ id }) => id === lane.workspace).length, 1);
  });

  test('in a snapshot: ann’s own commit, her head as prev, her snapshot as parent and as a ref’s value give nothing of hers', async () => {
    const { world, mallory } = hostile;
    await assert.rejects(mallory.repository.commit(known.request, world), { code: 'denied' });
    const workspace = await world.workspace(mallory, 'lair');
    const lane = await world.lane(mallory, workspace);
    const root = world.tree({});
    const pack = await world.pack(root);
    const stale = await world.commit(lane, { root: root.id, pack, prev: { n: 1, id: known.snapshot } });
    assert.deepEqual(stale, { kind: 'stale', head: undefined });
    const refused = await world.commitWell(lane, { root: root.id, pack, advance: { ref: 'main', expect: known.snapshot } });
    assert.deepEqual([refused.advanced, refused.ref], [false, undefined]);
    const { record, rows } = world.request(lane, { root: root.id });
    const header = { ...decodeSnapshotHeader(record.header), parents: [known.snapshot] };
    const child = { record: encodeSnapshot(header, sampleDetails, world.context), rows, pack: undefined, advance: undefined };
    assert.equal((await mallory.repository.commit(child, world)).kind, 'committed');
    assert.deepEqual(await mallory.repository.fetch({ kind: 'under', roots: [known.root] }, world), []);
  });

  test('in the header of a snapshot: another device, lane or workspace than mallory’s is refused', async () => {
    const { world, ann, mallory } = hostile;
    const lane = await world.lane(mallory, await world.workspace(mallory, 'headers'));
    const root = world.tree({});
    const { record, rows } = world.request(lane, { root: root.id, pack: await world.pack(root) });
    const good = decodeSnapshotHeader(record.header);
    const lies: readonly Partial<SnapshotHeader>[] = [{ device: ann.device }, { lane: world.randomId<LaneId>() }, { workspace: world.randomId<WorkspaceId>() }, { n: 2, prev: known.snapshot }];
    for (const lie of lies) {
      const header = { ...good, ...lie };
      const lying = encodeSnapshot(header, sampleDetails, world.context);
      const parts = [{ name: 'snapshot', filename: lying.id, bytes: encodeSnapshotRecord(lying) }, { name: 'rows', bytes: rows }];
      checkRefused(await hostile.post(`/workspaces/${header.workspace}/snapshots`, form(...parts)), [403, 404, 409], JSON.stringify(lie));
    }
  });

  test('in the id of a snapshot, its rows or its sealed part: corrupt', async () => {
    const { world, mallory } = hostile;
    const lane = await world.lane(mallory, await world.workspace(mallory, 'hashes'));
    const { record, rows } = world.request(lane, { root: known.root });
    const bytes = encodeSnapshotRecord(record);
    const altered = bytes.slice();
    altered[altered.length - 1]! ^= 1;
    const address = `/workspaces/${lane.workspace}/snapshots`;
    const lies = [
      [{ filename: known.snapshot, bytes }, rows],
      [{ filename: record.id, bytes: altered }, rows],
      [{ filename: record.id, bytes }, new Uint8Array(49)],
    ] as const;
    for (const [snapshot, lyingRows] of lies) {
      checkRefused(await hostile.post(address, form({ name: 'snapshot', ...snapshot }, { name: 'rows', bytes: lyingRows })), [422, 400]);
    }
  });
});
