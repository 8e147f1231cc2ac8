import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import test from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { safeFiles } from '../../platform/safeFiles.ts';
import type { SafeFiles } from '../../ports/safeFiles.ts';
import { unsteady } from '../../testing/failingFiles.ts';
import { killRestores, killUndos, prepare, restored, wanted } from '../../testing/restoreKills.ts';
import { RestoreScene } from '../../testing/restoreScene.ts';
import { path } from '../../testing/testWorkspace.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { planRestoreInPlace, restoreInPlace } from './restoreInPlace.ts';

const plain = { modes: false } as const;

await test('restores in place, captures all it touches, leaves the rest, and undo brings back every byte', async (t) => {
  const scene = await RestoreScene.create(t);
  await prepare(scene);
  const before = await scene.folder.describe({ times: true });
  const report = await scene.restore(wanted);
  assert.deepEqual([report.failed, report.refused, report.left, report.keptBeside], [[], [], [], []]);
  assert.deepEqual(await scene.folder.describe(plain), restored);
  assert.deepEqual(scene.captured, [
    'changed', 'file now folder', 'folder', 'folder now file', 'folder now file/a', 'folder now file/b', 'folder now file/b/c', 'folder/changed', 'folder/kept', 'link', 'meta', 'same',
  ]);
  assert.equal((await fs.stat(scene.folder.at('folder'))).mode & 0o7777, 0o555);
  assert.equal((await fs.stat(scene.folder.at('meta'))).mode & 0o7777, 0o755);

  const again = await scene.restore(wanted);
  assert.equal(again.before, undefined, 'the second time there is nothing to do');

  const undone = await scene.undo();
  assert.deepEqual([undone.failed, undone.refused, undone.left, undone.keptBeside], [[], [], [], []]);
  const withoutLinkTimes = (lines: readonly string[]): readonly string[] => lines.map((line) => (line.includes(' -> ') ? line.replace(/ \d+$/, '') : line));
  assert.deepEqual(withoutLinkTimes(await scene.folder.describe({ times: true })), withoutLinkTimes(before));
  await scene.undo();
  assert.deepEqual(await scene.folder.describe(plain), restored, 'an undo is taken back by the next one');
});

await test('does the same where no directory can be held open', async (t) => {
  const scene = await RestoreScene.create(t);
  await prepare(scene);
  const before = await scene.folder.describe(plain);
  const report = await scene.restore(wanted, { files: unsteady });
  assert.deepEqual([report.failed, report.refused, report.left, report.keptBeside], [[], [], [], []]);
  assert.deepEqual(await scene.folder.describe(plain), restored);
  await scene.undo({ files: unsteady });
  assert.deepEqual(await scene.folder.describe(plain), before);
});

await test('undoes from what was set aside while the server has no copy', async (t) => {
  const scene = await RestoreScene.create(t);
  await prepare(scene);
  scene.acknowledged = false;
  const before = await scene.folder.describe({ times: true });
  const report = await scene.restore(wanted);
  assert.equal(report.asides, 'kept');
  const offline = { fetch: async () => await Promise.reject(new Error('there is no server')) };
  const { signal } = new AbortController();
  const undone = await scene.undo({ reader: new ObjectReader({ repository: offline, context: scene.world.context, signal }) });
  assert.deepEqual([undone.failed, undone.refused, undone.left, undone.keptBeside], [[], [], [], []]);
  await scene.recover();
  assert.deepEqual(await scene.folder.describe({ times: true }), before);
});

await test('takes away what was set aside once the server has the snapshot', async (t) => {
  const scene = await RestoreScene.create(t);
  await prepare(scene);
  scene.acknowledged = false;
  await scene.restore(wanted);
  assert.notDeepEqual(await scene.folder.describe(plain), restored);
  await scene.recover(false);
  assert.notDeepEqual(await scene.folder.describe(plain), restored);
  await scene.recover(true);
  assert.deepEqual(await scene.folder.describe(plain), restored);
});

await test('does not touch what cannot be captured', async (t) => {
  const scene = await RestoreScene.create(t);
  await prepare(scene);
  scene.uncapturable = ['changed', 'folder now file/b/c'];
  const report = await scene.restore(wanted);
  assert.deepEqual(report.refused, [{ path: 'changed', reason: 'uncapturable' }, { path: 'folder now file', reason: 'uncapturable' }]);
  assert.equal(await scene.folder.read('changed'), 'edited, never backed up');
  assert.equal(await scene.folder.read('folder now file/b/c'), '2');
  assert.equal(await scene.folder.read('deleted'), 'comes back');
});

await test('restores one path only, making the folders that lead to it', async (t) => {
  const scene = await RestoreScene.create(t);
  await scene.folder.write('changed', 'mine');
  const report = await scene.restore(wanted, { path: path('folder/gone/deep/er') });
  assert.deepEqual([report.failed, report.refused], [[], []]);
  assert.deepEqual(await scene.folder.describe(plain), ['changed "mine"', 'folder directory', 'folder/gone directory', 'folder/gone/deep directory', 'folder/gone/deep/er "y"']);
  await scene.undo();
  assert.deepEqual(await scene.folder.describe(plain), ['changed "mine"']);
});

await test('keeps beside what somebody writes while it restores', async (t) => {
  const scene = await RestoreScene.create(t);
  await scene.folder.write('a', 'old a');
  await scene.folder.write('d/x', 'old x');
  const meddling: SafeFiles = {
    ...safeFiles,
    // By now everything is captured and staged, and what was there is set aside.
    async renameNew(from, to) {
      if (from.endsWith('.tmp') && to.endsWith('/a')) await fs.appendFile(scene.folder.at('a'), 'also appeared');
      if (from.endsWith('.tmp') && to.endsWith('/b')) await fs.appendFile(scene.folder.at('b'), 'appeared meanwhile');
      await safeFiles.renameNew(from, to);
    },
    async rename(from, to) {
      if (from.endsWith('/d')) await fs.writeFile(scene.folder.at('d/x'), 'edited meanwhile');
      await safeFiles.rename(from, to);
    },
  };
  const meddled = new Set<string>();
  const once: SafeFiles = {
    ...meddling,
    renameNew: async (from, to) => await (meddled.has(to) ? safeFiles : meddled.add(to) && meddling).renameNew(from, to),
  };
  const report = await scene.restore({ a: 'new a', b: 'new b', d: 'now a file' }, { files: once });
  const after = await scene.folder.describe(plain);
  for (const line of ['a "new a"', 'b "new b"', 'd "now a file"']) assert.ok(after.includes(line), after.join('\n'));
  const texts = after.join('\n');
  for (const text of ['"appeared meanwhile"', '"also appeared"', '"edited meanwhile"']) assert.ok(texts.includes(text), texts);
  assert.equal(report.keptBeside.length, 3);
  assert.ok(!texts.includes('.holdfast-'));
});

await test('undo keeps beside what was written since, and what was made in a folder it made', async (t) => {
  const scene = await RestoreScene.create(t);
  await scene.folder.write('a', 'old a');
  await scene.restore({ a: 'new a', made: { folder: { m: 'm' } }, fresh: 'f' });
  await scene.folder.write('a', 'edited since');
  await scene.folder.write('made/mine', 'mine');
  const report = await scene.undo();
  assert.deepEqual(await scene.folder.describe(plain), [
    'a "old a"',
    'a (kept 2023-11-14 22.13.20) "edited since"',
    'made (kept 2023-11-14 22.13.20) directory',
    'made (kept 2023-11-14 22.13.20)/m "m"',
    'made (kept 2023-11-14 22.13.20)/mine "mine"',
  ]);
  assert.equal(report.keptBeside.length, 2);
});

await test('deletes what the snapshot does not have, never what is left out', async (t) => {
  const scene = await RestoreScene.create(t);
  for (const name of ['a', 'extra', 'dir/one', 'dir/two/three', 'mixed/normal', 'mixed/node_modules/x', 'node_modules/y']) await scene.folder.write(name, name);
  const before = await scene.folder.describe();
  const keptNames = async (directory: BytePath): Promise<ReadonlySet<ByteName>> =>
    new Set((await fs.readdir(scene.folder.at(directory))).filter((name) => name !== 'node_modules') as ByteName[]);
  const report = await scene.restore({ a: 'a' }, { deleteOthers: { keptNames } });
  assert.deepEqual(await scene.folder.describe(plain), ['a "a"', 'mixed directory', 'mixed/node_modules directory', 'mixed/node_modules/x "mixed/node_modules/x"', 'node_modules directory', 'node_modules/y "node_modules/y"']);
  assert.equal(report.totals.deleted, 4);
  await scene.undo();
  assert.deepEqual(await scene.folder.describe(), before);
});

await test('says what it would do without doing it', async (t) => {
  const scene = await RestoreScene.create(t);
  await prepare(scene);
  const before = await scene.folder.describe({ times: true });
  const plan = await planRestoreInPlace(await scene.options(await scene.world.store(wanted)), { windows: false, caseInsensitive: false });
  assert.deepEqual(await scene.folder.describe({ times: true }), before);
  const { files, replaced, deleted, meta } = plan.totals;
  assert.deepEqual({ files, replaced, deleted, meta }, { files: 6, replaced: 6, deleted: 0, meta: 3 });
});

await test('refuses to undo when there is nothing to take back', async (t) => {
  const scene = await RestoreScene.create(t);
  await assert.rejects(scene.undo(), (error) => isBackupError(error, 'not-found'));
});

await test('leaves nothing behind when it is stopped before anything was touched', async (t) => {
  const scene = await RestoreScene.create(t);
  await prepare(scene);
  const before = await scene.folder.describe({ times: true });
  const controller = new AbortController();
  const stopping: SafeFiles = {
    ...safeFiles,
    async create(at, mode) {
      if (at.includes('.tmp') && !at.endsWith('0.tmp')) controller.abort(new Error('stopped'));
      return await safeFiles.create(at, mode);
    },
  };
  await assert.rejects(scene.restore(wanted, { files: stopping, signal: controller.signal }), /stopped/);
  assert.deepEqual((await scene.folder.describe({ times: true })).map((line) => line.replace(/ directory .*/, '')), before.map((line) => line.replace(/ directory .*/, '')));
  assert.deepEqual(await (await scene.state()).list(), []);
});

for (const acknowledged of [true, false]) {
  const how = acknowledged ? 'online' : 'offline';
  await test(`killed at a step, the next start finishes or undoes it, and undo brings everything back (${how})`, async (t) => {
    const { finished, undone } = await killRestores(t, { acknowledged, first: 1, step: 13 });
    assert.ok(finished > 0 && undone > 0, `${finished} finished, ${undone} undone`);
  });

  await test(`an undo killed at a step is finished or undone too (${how})`, async (t) => {
    await killUndos(t, { acknowledged, first: 2, step: 13 });
  });
}

await test('does not believe in a capture that does not hold what is on the disk', async (t) => {
  const scene = await RestoreScene.create(t);
  await scene.folder.write('a', 'old a', { mtime: 1_600_000_000 });
  await scene.folder.write('b', 'old b', { mtime: 1_600_000_000 });
  await scene.folder.write('c', 'old c');
  const options = await scene.options(await scene.world.store({ a: 'new a', b: 'new b', c: 'new c' }));
  // Content of `a` as it is, with another time; `b` as it was once; `c` not at all.
  const snapshot = await scene.world.commit({ a: 'old a', b: 'OLD B' });
  const report = await restoreInPlace({ ...options, capture: async () => ({ snapshot, acknowledged: true, uncapturable: new Set() }) });
  assert.deepEqual(report.refused, [{ path: 'b', reason: 'uncapturable' }, { path: 'c', reason: 'uncapturable' }]);
  assert.deepEqual(await scene.folder.describe(plain), ['a "new a"', 'b "old b"', 'c "old c"']);
});
