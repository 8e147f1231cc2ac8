import assert from 'node:assert/strict';
import type { LaneId, SnapshotId } from '../../../protocol/ids.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { CommitResult } from '../../ports/repository.ts';
import type { RepositoryCases } from '../repositorySuite.ts';
import { rejectsWith } from './suiteWorld.ts';

function missingIds(result: CommitResult): ReadonlySet<string> {
  assert.ok(result.kind === 'missing', `missing, not ${result.kind}`);
  return new Set(result.ids);
}

export const commitCases: RepositoryCases = {
  'commits a snapshot with its pack in one request': async (world) => {
    const lane = await world.lane(world.laptop);
    const file = world.chunk('hello');
    const root = world.tree({ file });
    const { seq, request } = await world.commitWell(lane, { root: root.id, pack: await world.pack(root, file) });
    assert.ok(seq > 0);
    const [info] = await world.desktop.repository.lanes(lane.workspace, world);
    assert.deepEqual(info?.head, { n: 1, id: request.record.id });
    const [workspace] = await world.desktop.repository.workspaces(world);
    assert.deepEqual([workspace?.latest?.snapshot, workspace?.latest?.seq], [request.record.id, seq]);
  },

  'answers a commit that is sent again as the first time, though the lane went on': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    const first = await world.commitWell(lane, { root: root.id, pack: await world.pack(root) });
    const second = await world.commitWell(lane, { root: root.id });
    assert.ok(second.seq > first.seq);
    for (const { request, seq, receivedAt } of [first, second, first]) {
      const again = await lane.by.repository.commit(request, world);
      assert.ok(again.kind === 'committed', again.kind);
      assert.deepEqual([again.seq, again.receivedAt], [seq, receivedAt]);
    }
    assert.equal((await lane.by.repository.snapshots({ workspace: lane.workspace, before: undefined, limit: 9 }, world)).length, 2);
  },

  'commits the same request sent twice at once a single time': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    const request = world.request(lane, { root: root.id, pack: await world.pack(root) });
    const results = await Promise.all([1, 2, 3].map(() => lane.by.repository.commit(request, world)));
    const seqs = new Set(results.map((result) => (result.kind === 'committed' ? result.seq : result.kind)));
    assert.equal(seqs.size, 1);
  },

  'lets one of two different successors of a head win and tells the other where the lane is': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    await world.laptop.repository.putPack(await world.pack(root), world);
    const wishes = [world.request(lane, { root: root.id }), world.request(lane, { root: root.id })];
    const results = await Promise.all(wishes.map((request) => lane.by.repository.commit(request, world)));
    const winner = results.findIndex(({ kind }) => kind === 'committed');
    assert.deepEqual(results[1 - winner], { kind: 'stale', head: { n: 1, id: wishes[winner]!.record.id } });
  },

  'answers stale before it looks at objects': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    const { request } = await world.commitWell(lane, { root: root.id, pack: await world.pack(root) });
    const head = { n: 1, id: request.record.id };
    const unknown = world.tree({ never: world.chunk('never') }).id;
    assert.deepEqual(await world.commit(lane, { root: unknown, prev: undefined }), { kind: 'stale', head });
    const elsewhere = { n: 1, id: 'a'.repeat(64) as SnapshotId };
    assert.deepEqual(await world.commit(lane, { root: root.id, prev: elsewhere }), { kind: 'stale', head });
    const ahead = await world.lane(world.laptop, lane.workspace);
    assert.deepEqual(await world.commit(ahead, { root: root.id, prev: head }), { kind: 'stale', head: undefined });
  },

  'refuses a lane counter that skips': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    const { request } = await world.commitWell(lane, { root: root.id, pack: await world.pack(root) });
    await rejectsWith('invalid', world.commit(lane, { root: root.id, prev: { n: 5, id: request.record.id } }));
  },

  'names what a root lacks: the root itself, a tree, a chunk': async (world) => {
    const lane = await world.lane(world.laptop);
    const [here, gone] = [world.chunk('here'), world.chunk('gone')];
    const child = world.tree({ gone });
    const root = world.tree({ child, here });
    assert.deepEqual(missingIds(await world.commit(lane, { root: root.id })), new Set([root.id]));
    const withRoot = await world.pack(root, here);
    assert.deepEqual(missingIds(await world.commit(lane, { root: root.id, pack: withRoot })), new Set([child.id]));
    await world.laptop.repository.putPack(await world.pack(child), world);
    assert.deepEqual(missingIds(await world.commit(lane, { root: root.id, pack: withRoot })), new Set([gone.id]));
    await world.commitWell(lane, { root: root.id, pack: await world.pack(gone, root, here) });
  },

  'finds what is missing at any depth, below trees uploaded in other packs by others': async (world) => {
    const lane = await world.lane(world.laptop);
    const gone = world.chunk('gone');
    let root = world.tree({ gone });
    for (let depth = 0; depth < 300; depth++) {
      const next = world.tree({ root });
      await (depth % 2 === 0 ? world.laptop : world.desktop).repository.putPack(await world.pack(root), world);
      root = next;
    }
    await world.laptop.repository.putPack(await world.pack(root), world);
    assert.ok(missingIds(await world.commit(lane, { root: root.id })).has(gone.id));
    await world.desktop.repository.putPack(await world.pack(gone), world);
    await world.commitWell(lane, { root: root.id });
  },

  'checks again below a tree whose commit was refused': async (world) => {
    const lane = await world.lane(world.laptop);
    const [gone, other] = [world.chunk('gone'), world.chunk('other')];
    const shared = world.tree({ gone });
    const first = world.tree({ shared });
    const second = world.tree({ shared, other });
    await world.commit(lane, { root: first.id, pack: await world.pack(first, shared) });
    assert.deepEqual(missingIds(await world.commit(lane, { root: second.id, pack: await world.pack(second, other) })), new Set([gone.id]));
    await world.commitWell(lane, { root: second.id, pack: await world.pack(gone) });
    await world.commitWell(lane, { root: first.id });
  },

  'holds a client to the child list that it declares': async (world) => {
    const lane = await world.lane(world.laptop);
    const [file, invented] = [world.chunk('file'), world.chunk('invented')];
    const honest = world.tree({ file });
    const lying: PlainObject = { ...honest, children: [invented.id] };
    await world.laptop.repository.putPack(await world.pack(lying, file), world);
    assert.deepEqual(missingIds(await world.commit(lane, { root: honest.id })), new Set([invented.id]));
  },

  'a shorter list by another device hides nothing, whichever came first and whatever was committed': async (world) => {
    const [lane, other] = [await world.lane(world.laptop), await world.lane(world.desktop, await world.workspace(world.desktop, 'b'))];
    for (const truthFirst of [true, false]) {
      const gone = world.chunk(`gone ${truthFirst}`);
      const tree = world.tree({ gone });
      const root = world.tree({ tree });
      const lie = async (): Promise<unknown> => world.commitWell(other, { root: root.id, pack: await world.pack({ ...tree, children: [] }, root) });
      if (!truthFirst) await lie();
      await world.laptop.repository.putPack(await world.pack(tree), world);
      if (truthFirst) await lie();
      const missing = missingIds(await world.commit(lane, { root: root.id }));
      assert.ok(missing.has(gone.id));
      await world.commitWell(lane, { root: root.id, pack: await world.pack(gone) });
    }
  },

  'asks for a tree known from another device only, when what it declares is not there': async (world) => {
    const lane = await world.lane(world.laptop);
    const file = world.chunk('file');
    const tree = world.tree({ file });
    const root = world.tree({ tree });
    await world.desktop.repository.putPack(await world.pack({ ...tree, children: [world.chunk('invented').id] }), world);
    assert.ok(missingIds(await world.commit(lane, { root: root.id, pack: await world.pack(root) })).has(tree.id));
    await world.commitWell(lane, { root: root.id, pack: await world.pack(tree, file) });
  },

  'takes child lists that lead back to themselves for missing, until the truth is sent': async (world) => {
    const [lane, other] = [await world.lane(world.laptop), await world.lane(world.desktop, await world.workspace(world.desktop, 'b'))];
    const file = world.chunk('file');
    const inner = world.tree({ file });
    const root = world.tree({ inner });
    await world.laptop.repository.putPack(await world.pack(file, root, { ...inner, children: [root.id] }), world);
    for (let i = 0; i < 2; i++) assert.ok(missingIds(await world.commit(lane, { root: root.id })).size > 0);
    await world.commitWell(other, { root: root.id, pack: await world.pack(root, inner) });
  },

  'keeps the copy of an honest device beside that of a lying one': async (world) => {
    const file = world.chunk('file');
    const honest = world.tree({ file });
    const [lie, truth] = [await world.segment({ ...honest, children: [] }), await world.segment(honest)];
    const [lane, other] = [await world.lane(world.laptop), await world.lane(world.desktop, await world.workspace(world.desktop, 'b'))];
    await world.commitWell(lane, { root: honest.id, pack: await world.packOf(lie) });
    await world.commitWell(other, { root: honest.id, pack: await world.packOf(truth, await world.segment(file)) });
    const skip = [Buffer.from(world.context.hasher.sha256(lie)).toString('hex')];
    const [next] = await world.desktop.repository.fetch({ kind: 'objects', ids: [honest.id], skip }, world);
    assert.deepEqual(next && Buffer.from(next), Buffer.from(truth));
  },

  'refuses a record, its rows or its sealed part when they do not belong together': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    await world.laptop.repository.putPack(await world.pack(root), world);
    const request = world.request(lane, { root: root.id });
    const { record } = request;
    const sealed = Uint8Array.from(record.sealed ?? []);
    sealed[0]! ^= 1;
    const header = Uint8Array.from(record.header);
    header[header.length - 1]! ^= 1;
    const bad = [
      { ...request, rows: Uint8Array.of(1, 2, 3) },
      { ...request, record: { ...record, sealed } },
      { ...request, record: { ...record, header } },
      { ...request, record: { ...record, sealed: undefined } },
      { ...request, record: { ...record, id: 'b'.repeat(64) as SnapshotId } },
    ];
    for (const one of bad) await rejectsWith(['invalid', 'corrupt'], lane.by.repository.commit(one, world));
    assert.equal((await world.send(lane, request)).kind, 'committed');
  },

  'refuses to advance a lane that is unknown or another device’s': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    await world.laptop.repository.putPack(await world.pack(root), world);
    const refusals = ['denied', 'conflict', 'not-found', 'invalid'] as const;
    const unknown = { ...lane, id: world.randomId<LaneId>() };
    await rejectsWith(refusals, world.commit(unknown, { root: root.id }));
    const asDesktop = { ...lane, by: world.desktop };
    await rejectsWith(refusals, world.commit(asDesktop, { root: root.id }));
    const posing = world.request(lane, { root: root.id });
    await rejectsWith(refusals, world.desktop.repository.commit(posing, world));
    assert.equal((await world.laptop.repository.lanes(lane.workspace, world))[0]?.head, undefined);
  },

  'advances a ref by compare-and-swap and commits even when the ref moved on': async (world) => {
    const lane = await world.lane(world.laptop);
    const other = await world.lane(world.desktop, lane.workspace);
    const root = world.tree({});
    const pack = await world.pack(root);
    const ref = 'main';
    const first = await world.commitWell(lane, { root: root.id, pack, advance: { ref, expect: undefined } });
    const firstId = first.request.record.id;
    assert.deepEqual([first.advanced, first.ref], [true, firstId]);
    const late = await world.commitWell(other, { root: root.id, advance: { ref, expect: undefined } });
    assert.deepEqual([late.advanced, late.ref], [false, firstId]);
    const next = await world.commitWell(other, { root: root.id, advance: { ref, expect: firstId } });
    assert.deepEqual([next.advanced, next.ref], [true, next.request.record.id]);
    const again = await other.by.repository.commit(next.request, world);
    assert.ok(again.kind === 'committed');
    assert.deepEqual([again.advanced, again.ref], [true, next.request.record.id]);
  },

  'never moves a ref to a partial snapshot, and commits nothing that asks for it': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    await world.laptop.repository.putPack(await world.pack(root), world);
    const advance = { ref: 'main', expect: undefined };
    await rejectsWith('invalid', world.commit(lane, { root: root.id, partial: true, advance }));
    const partial = await world.commitWell(lane, { root: root.id, partial: true });
    await rejectsWith('invalid', world.laptop.repository.commit({ ...partial.request, advance }, world));
    const whole = await world.commitWell(lane, { root: root.id, advance });
    assert.deepEqual([whole.seq > partial.seq, whole.advanced, whole.ref], [true, true, whole.request.record.id]);
  },

  'keeps the refs of one workspace apart from those of another': async (world) => {
    const [lane, other] = [await world.lane(world.laptop), await world.lane(world.laptop, await world.workspace(world.laptop, 'b'))];
    const root = world.tree({});
    const pack = await world.pack(root);
    const first = await world.commitWell(lane, { root: root.id, pack, advance: { ref: 'main', expect: undefined } });
    const second = await world.commitWell(other, { root: root.id, advance: { ref: 'main', expect: first.request.record.id } });
    assert.deepEqual([second.advanced, second.ref], [false, undefined]);
    const elsewhere = { ...other, id: lane.id, head: lane.head };
    await rejectsWith('not-found', world.commit(elsewhere, { root: root.id, advance: { ref: 'main', expect: undefined } }));
  },

  'never takes a partial snapshot for the latest': async (world) => {
    const lane = await world.lane(world.laptop);
    const root = world.tree({});
    const latest = async (): Promise<unknown> => (await world.laptop.repository.workspaces(world))[0]?.latest?.snapshot;
    await world.commitWell(lane, { root: root.id, pack: await world.pack(root), partial: true });
    assert.equal(await latest(), undefined);
    const whole = await world.commitWell(lane, { root: root.id });
    assert.equal(await latest(), whole.request.record.id);
    const partial = await world.commitWell(lane, { root: root.id, partial: true });
    assert.equal(await latest(), whole.request.record.id);
    const [newest] = await world.laptop.repository.snapshots({ workspace: lane.workspace, before: undefined, limit: 1 }, world);
    assert.equal(newest?.record.id, partial.request.record.id);
  },
};
