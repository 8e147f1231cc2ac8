import assert from 'node:assert/strict';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { concatBytes } from '../../base/bytes.ts';
import { isBackupError } from '../../base/errors.ts';
import type { ObjectId, TreeId } from '../../protocol/ids.ts';
import { segmentPlainBytesMax } from '../../protocol/limits.ts';
import { byteStringOfText, bytesOfByteString, rootPath } from '../../engine/core/byteString.ts';
import { encodeCanonical } from '../../engine/core/canonicalCbor.ts';
import { objectId } from '../../engine/core/objectId.ts';
import { segmentKey } from '../../engine/core/segment/encodeSegment.ts';
import { encodeSegmentHeader } from '../../engine/core/segment/segmentHeader.ts';
import type { PlainObject } from '../../engine/core/segment/segmentTypes.ts';
import { safeFiles } from '../../engine/platform/safeFiles.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { SuiteLane } from '../../engine/testing/repository/suiteWorld.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { restoreInto } from '../../engine/run/restore/restoreInto.ts';
import type { RestoreReport } from '../../engine/run/restore/restoreReport.ts';
import { HostileWorld } from './hostileWorld.ts';

/** What a device of an account can do that has its keys, and lies. The server cannot tell; readers must. */
describe('a device that lies', () => {
  let hostile: HostileWorld;
  let lane: SuiteLane;
  let folders = 0;
  before(async () => {
    hostile = await HostileWorld.open();
    lane = await hostile.world.lane(hostile.ann);
  });
  afterEach(() => hostile.stillServes());
  after(() => hostile.close());

  /** A folder to restore to, alone in one that must stay empty beside it. */
  async function newTarget(): Promise<{ readonly around: string; readonly target: string }> {
    const around = join(hostile.folder, `around ${++folders}`);
    const target = join(around, 'target');
    await mkdir(target, { recursive: true });
    return { around, target };
  }

  async function restore(root: TreeId, target: string, windows = false): Promise<RestoreReport> {
    const { context, signal } = hostile.world;
    const reader = new ObjectReader({ repository: hostile.ann.repository, context, signal });
    const folder = byteStringOfText(target) as string as AbsolutePath;
    return await restoreInto({ reader, context, files: safeFiles, root, path: rootPath, folder, windows, signal, onProgress: () => undefined });
  }

  async function checkNothingRestored(root: TreeId): Promise<void> {
    const { around, target } = await newTarget();
    await assert.rejects(restore(root, target), (error) => isBackupError(error, 'corrupt') || isBackupError(error, 'invalid'));
    assert.deepEqual(await readdir(target), []);
    assert.deepEqual(await readdir(around), ['target']);
  }

  /** A directory with one file, under a name that no honest tree holds. */
  function evilTree(name: string, chunk: PlainObject): PlainObject & { readonly id: TreeId } {
    const entry = [0, bytesOfByteString(byteStringOfText(name)), 0o644, 1, chunk.body.length, [0]] as const;
    const content = { kind: 'tree', children: [chunk.id], body: encodeCanonical([0, [entry]]) } as const;
    return { ...content, id: objectId(content, hostile.world.context) as TreeId };
  }

  for (const name of ['..', '.', '../evil', '../../evil', '/etc/evil', 'a/b', 'a\0b', '', 'x'.repeat(1_025)]) {
    test(`about a name (${JSON.stringify(name.slice(0, 20))}): the restore is refused and writes nothing`, async () => {
      const chunk = hostile.world.chunk(`evil ${name}`);
      const root = evilTree(name, chunk);
      await hostile.world.commitWell(lane, { root: root.id, pack: await hostile.world.pack(chunk, root) });
      await checkNothingRestored(root.id);
    });
  }

  test('about a name deep in a good tree: nothing outside the target is written', async () => {
    const chunk = hostile.world.chunk('deep');
    const deep = evilTree('../../../evil', chunk);
    const root = hostile.world.tree({ folder: deep, good: chunk });
    await hostile.world.commitWell(lane, { root: root.id, pack: await hostile.world.pack(chunk, deep, root) });
    const { around, target } = await newTarget();
    const report = await restore(root.id, target).catch((error: unknown) => assert.ok(isBackupError(error), String(error)));
    if (report !== undefined) assert.ok(report.failed.length > 0);
    assert.deepEqual(await readdir(around), ['target']);
    const made = await readdir(target, { recursive: true });
    assert.ok(made.every((one) => ['folder', 'good'].includes(one)), made.join());
  });

  test('with names that Windows gives a meaning of its own: each is refused there, and the others restored', async () => {
    const chunk = hostile.world.chunk('windows');
    const names = ['CON', 'nul.txt', 'COM1', 'LPT9.log', 'a:stream', 'C:\\evil', '..\\..\\evil', '\\\\host\\share', 'dot.', 'space ', 'a<b', 'con'];
    const root = hostile.world.tree({ ...Object.fromEntries(names.map((name) => [name, chunk])), fine: chunk });
    await hostile.world.commitWell(lane, { root: root.id, pack: await hostile.world.pack(chunk, root) });
    const { around, target } = await newTarget();
    const report = await restore(root.id, target, true);
    assert.deepEqual(new Set(report.refused.map(({ path }) => path as string)), new Set(names));
    assert.deepEqual(await readdir(target), ['fine']);
    assert.deepEqual(await readdir(around), ['target']);
  });

  test('that knows of a link in the target: nothing is written through it', { skip: process.platform === 'win32' }, async () => {
    const chunk = hostile.world.chunk('through');
    const inner = hostile.world.tree({ file: chunk });
    const root = hostile.world.tree({ folder: inner });
    await hostile.world.commitWell(lane, { root: root.id, pack: await hostile.world.pack(chunk, inner, root) });
    const { around, target } = await newTarget();
    await mkdir(join(around, 'outside'));
    await symlink(join(around, 'outside'), join(target, 'folder'));
    const report = await restore(root.id, target);
    assert.ok(report.refused.length > 0);
    assert.deepEqual(await readdir(join(around, 'outside')), []);
  });

  test('about the children of a tree: the reader finds it corrupt', async () => {
    const [seen, unseen] = [hostile.world.chunk('seen'), hostile.world.chunk('unseen')];
    const true_ = hostile.world.tree({ file: unseen });
    const lies: readonly (readonly ObjectId[])[] = [[], [seen.id], [seen.id, unseen.id]];
    for (const children of lies) {
      const lying = { ...true_, children };
      const pack = await hostile.world.pack(seen, unseen, lying);
      await hostile.world.commitWell(lane, { root: true_.id, pack });
      await checkNothingRestored(true_.id);
    }
    // The next copy, by an honest device, is what readers find.
    await hostile.ann.repository.putPack(await hostile.world.pack(true_), hostile.world);
    const { target } = await newTarget();
    await restore(true_.id, target);
    assert.deepEqual(await readdir(target), ['file']);
  });

  test('about children that lead back to themselves: the commit is told what is missing, until the truth is sent', async () => {
    const chunk = hostile.world.chunk('circle');
    const [inner, empty] = [hostile.world.tree({ chunk }), hostile.world.tree({})];
    const root = hostile.world.tree({ inner, empty });
    await hostile.ann.repository.putPack(await hostile.world.pack(chunk, root, { ...inner, children: [root.id] }, empty), hostile.world);
    for (let i = 0; i < 3; i++) assert.equal((await hostile.world.commit(lane, { root: root.id })).kind, 'missing');
    const other = await hostile.server.device('ann', 'desktop');
    const others = await hostile.world.lane(other, lane.workspace);
    const pack = await hostile.world.pack(root, inner);
    await hostile.world.commitWell(others, { root: root.id, pack });
  });

  test('about the kind of an object: a chunk as the root is taken, and read as corrupt', async () => {
    const chunk = hostile.world.chunk('no tree');
    await hostile.world.commitWell(lane, { root: chunk.id as string as TreeId, pack: await hostile.world.pack(chunk) });
    await checkNothingRestored(chunk.id as string as TreeId);
  });

  test('about how far a segment expands: the reader stops at what the header says', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(512 * 2 ** 20));
    const { context } = hostile.world;
    const tree = hostile.world.tree({});
    const plainBytes = segmentPlainBytesMax;
    const salt = context.random.bytes(32);
    const epoch = context.keys.epoch;
    const header = encodeSegmentHeader({ content: 'trees', codec: 'zstd', epoch, salt, plainBytes, storedBytes: bomb.length + 16, objects: [tree] });
    const segment = concatBytes([header, context.sealer.seal(segmentKey({ epoch, salt }, context), header, bomb)]);
    await hostile.world.commitWell(lane, { root: tree.id, pack: await hostile.world.packOf(segment) });
    const before = process.memoryUsage().rss;
    await checkNothingRestored(tree.id);
    assert.ok(process.memoryUsage().rss - before < 200 * 2 ** 20);
  });

  test('by omission: one missing chunk in very many places costs no more than an answer, however often it is tried', async () => {
    const { world, ann } = hostile;
    const stored = Array.from({ length: 4_000 }, (_, i) => world.chunk(`stored ${i}`));
    const gone = world.chunk('gone');
    const ids = stored.map(({ id }) => id);
    // The body is no tree: only readers could tell, and they never get there.
    const trees = Array.from({ length: 40 }, (_, i): PlainObject => ({ kind: 'tree', id: world.randomId(24), children: [gone.id, ...ids], body: Uint8Array.of(i) }));
    const root: PlainObject = { kind: 'tree', id: world.randomId(24), children: trees.map(({ id }) => id), body: Uint8Array.of(1) };
    await ann.repository.putPack(await world.pack(...stored), world);
    await ann.repository.putPack(await world.pack(...trees, root), world);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await world.commit(lane, { root: root.id as TreeId }), { kind: 'missing', ids: [gone.id] });
    }
    assert.equal((await ann.repository.fetch({ kind: 'under', roots: [root.id] }, world)).length, 1);
  });
});
