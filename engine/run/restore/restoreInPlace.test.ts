import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import type { SnapshotId, TreeId } from '../../../protocol/ids.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { safeFiles } from '../../platform/safeFiles.ts';
import { openStateFolder } from '../../platform/stateFolder.ts';
import type { SafeFiles } from '../../ports/safeFiles.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';
import { DiskFolder } from '../../testing/diskFolder.ts';
import { failAt, failStateAt } from '../../testing/failingFiles.ts';
import { path, TestWorkspace } from '../../testing/testWorkspace.ts';
import type { FolderSpec, Spec } from '../../testing/testWorkspace.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { findSnapshotById } from '../read/snapshots.ts';
import { planRestoreInPlace, restoreInPlace } from './restoreInPlace.ts';
import type { RestoreInPlaceOptions } from './restoreInPlace.ts';
import { recoverRestores } from './recoverRestores.ts';
import type { InPlaceReport } from './restoreReport.ts';
import { undoRestore } from './undoRestore.ts';
import type { UndoOptions } from './undoRestore.ts';

class Scene {
  readonly world: TestWorkspace;
  readonly folder: DiskFolder;
  readonly #state: DiskFolder;
  acknowledged = true;
  uncapturable: readonly string[] = [];
  captured: readonly BytePath[] = [];

  static async create(t: TestContext): Promise<Scene> {
    return new Scene(await TestWorkspace.create(), await DiskFolder.create(t), await DiskFolder.create(t));
  }

  private constructor(world: TestWorkspace, folder: DiskFolder, state: DiskFolder) {
    this.world = world;
    this.folder = folder;
    this.#state = state;
  }

  async state(): Promise<StateFolder> {
    return await openStateFolder(this.#state.text);
  }

  async options(root: TreeId, other: Partial<RestoreInPlaceOptions> = {}): Promise<RestoreInPlaceOptions & UndoOptions> {
    const { signal } = new AbortController();
    const { context, repository } = this.world;
    return {
      reader: new ObjectReader({ repository, context, signal }),
      context,
      files: safeFiles,
      folder: this.folder.path,
      state: await this.state(),
      capture: async (paths) => await this.#capture(paths),
      clock: { now: () => 1_700_000_000_000 },
      windows: false,
      signal,
      onProgress: () => undefined,
      snapshot: '0'.repeat(64) as SnapshotId,
      root,
      path: path(''),
      deleteOthers: undefined,
      rootOf: async (id) => (await findSnapshotById(id, { repository, signal })).header.root,
      ...other,
    };
  }

  async restore(spec: FolderSpec, other: Partial<RestoreInPlaceOptions> = {}): Promise<InPlaceReport> {
    return await restoreInPlace(await this.options(await this.world.store(spec), other));
  }

  async undo(other: Partial<RestoreInPlaceOptions> = {}): Promise<InPlaceReport> {
    return await undoRestore(await this.options('0'.repeat(48) as TreeId, other));
  }

  async recover(acknowledged = true) {
    return await recoverRestores({ ...(await this.options('' as TreeId)), acknowledged: async () => acknowledged });
  }

  /** The whole folder as it is, as a push of it with everything included would make it. */
  async #capture(paths: ReadonlySet<BytePath>) {
    this.captured = [...paths].sort();
    const snapshot = await this.world.commit(await specOfDisk(this.folder.text));
    return { snapshot, acknowledged: this.acknowledged, uncapturable: new Set(this.uncapturable.map(path)) };
  }
}

async function specOfDisk(folder: string): Promise<FolderSpec> {
  const spec: Record<string, Spec> = {};
  for (const name of await fs.readdir(folder)) {
    const at = `${folder}/${name}`;
    const stat = await fs.lstat(at, { bigint: true });
    const meta = { mode: Number(stat.mode) & 0o7777, mtimeNs: stat.mtimeNs };
    if (stat.isSymbolicLink()) spec[name] = { link: await fs.readlink(at) };
    else if (stat.isDirectory()) spec[name] = { folder: await specOfDisk(at), ...meta };
    else if (stat.isFile()) spec[name] = { file: await fs.readFile(at), ...meta };
  }
  return spec;
}

const plain = { modes: false } as const;
/** What the folder is brought to, from what `prepare` makes. */
const wanted: FolderSpec = {
  same: 'the same',
  changed: 'as stored',
  deleted: 'comes back',
  meta: { file: 'mode differs', mode: 0o755 },
  link: { link: 'stored' },
  'file now folder': { folder: { inside: 'x' } },
  'folder now file': 'a file again',
  folder: { folder: { kept: 'k', gone: { folder: { deep: { folder: { er: 'y' } } } }, changed: 'new content' }, mode: 0o555 },
  empty: { folder: {} },
};

async function prepare({ folder }: Scene): Promise<void> {
  await folder.write('same', 'the same');
  await folder.write('changed', 'edited, never backed up');
  await folder.write('meta', 'mode differs', { mode: 0o600 });
  await fs.symlink('mine', folder.at('link'));
  await folder.write('file now folder', 'was a file');
  await folder.write('folder now file/a', '1');
  await folder.write('folder now file/b/c', '2');
  await folder.write('folder/kept', 'k');
  await folder.write('folder/changed', 'old content');
  await folder.write('folder/extra', 'nobody wants me');
  await folder.write('extra/ignored', 'left alone');
  await fs.chmod(folder.at('folder'), 0o500);
  // Whole seconds, which every runtime sets exactly.
  for (const [i, name] of (await fs.readdir(folder.text, { recursive: true })).toSorted().entries()) await fs.lutimes(folder.at(name), 1_600_000_000 + i, 1_600_000_000 + i);
}

const restored = [
  'changed "as stored"',
  'deleted "comes back"',
  'empty directory',
  'extra directory',
  'extra/ignored "left alone"',
  'file now folder directory',
  'file now folder/inside "x"',
  'folder directory',
  'folder now file "a file again"',
  'folder/changed "new content"',
  'folder/extra "nobody wants me"',
  'folder/gone directory',
  'folder/gone/deep directory',
  'folder/gone/deep/er "y"',
  'folder/kept "k"',
  'link -> stored',
  'meta "mode differs"',
  'same "the same"',
];

await test('restores in place, captures all it touches, leaves the rest, and undo brings back every byte', async (t) => {
  const scene = await Scene.create(t);
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

await test('undoes from what was set aside while the server has no copy', async (t) => {
  const scene = await Scene.create(t);
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
  const scene = await Scene.create(t);
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
  const scene = await Scene.create(t);
  await prepare(scene);
  scene.uncapturable = ['changed', 'folder now file/b/c'];
  const report = await scene.restore(wanted);
  assert.deepEqual(report.refused, [{ path: 'changed', reason: 'uncapturable' }, { path: 'folder now file', reason: 'uncapturable' }]);
  assert.equal(await scene.folder.read('changed'), 'edited, never backed up');
  assert.equal(await scene.folder.read('folder now file/b/c'), '2');
  assert.equal(await scene.folder.read('deleted'), 'comes back');
});

await test('restores one path only, making the folders that lead to it', async (t) => {
  const scene = await Scene.create(t);
  await scene.folder.write('changed', 'mine');
  const report = await scene.restore(wanted, { path: path('folder/gone/deep/er') });
  assert.deepEqual([report.failed, report.refused], [[], []]);
  assert.deepEqual(await scene.folder.describe(plain), ['changed "mine"', 'folder directory', 'folder/gone directory', 'folder/gone/deep directory', 'folder/gone/deep/er "y"']);
  await scene.undo();
  assert.deepEqual(await scene.folder.describe(plain), ['changed "mine"']);
});

await test('keeps beside what somebody writes while it restores', async (t) => {
  const scene = await Scene.create(t);
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
  const scene = await Scene.create(t);
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
  const scene = await Scene.create(t);
  for (const name of ['a', 'extra', 'dir/one', 'dir/two/three', 'mixed/normal', 'mixed/node_modules/x', 'node_modules/y']) await scene.folder.write(name, name);
  const before = await scene.folder.describe({ times: true });
  const keptNames = async (directory: BytePath): Promise<ReadonlySet<ByteName>> =>
    new Set((await fs.readdir(scene.folder.at(directory))).filter((name) => name !== 'node_modules') as string[] as ByteName[]);
  const report = await scene.restore({ a: 'a' }, { deleteOthers: { keptNames } });
  assert.deepEqual(await scene.folder.describe(plain), ['a "a"', 'mixed directory', 'mixed/node_modules directory', 'mixed/node_modules/x "mixed/node_modules/x"', 'node_modules directory', 'node_modules/y "node_modules/y"']);
  assert.equal(report.totals.deleted, 4);
  await scene.undo();
  assert.deepEqual((await scene.folder.describe({ times: true })).filter((line) => !line.includes(' directory ')), before.filter((line) => !line.includes(' directory ')));
});

await test('says what it would do without doing it', async (t) => {
  const scene = await Scene.create(t);
  await prepare(scene);
  const before = await scene.folder.describe({ times: true });
  const plan = await planRestoreInPlace(await scene.options(await scene.world.store(wanted)), { windows: false, caseInsensitive: false });
  assert.deepEqual(await scene.folder.describe({ times: true }), before);
  const { files, replaced, deleted, meta } = plan.totals;
  assert.deepEqual({ files, replaced, deleted, meta }, { files: 6, replaced: 6, deleted: 0, meta: 3 });
});

await test('refuses to undo when there is nothing to take back', async (t) => {
  const scene = await Scene.create(t);
  await assert.rejects(scene.undo(), (error) => isBackupError(error, 'not-found'));
});

await test('leaves nothing behind when it is stopped before anything was touched', async (t) => {
  const scene = await Scene.create(t);
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
  await test(`killed at any step, the next start finishes or undoes it, and undo brings everything back (${acknowledged ? 'online' : 'offline'})`, async (t) => {
    let finished = 0;
    let undone = 0;
    for (let k = 1; ; k++) {
      const scene = await Scene.create(t);
      scene.acknowledged = acknowledged;
      await prepare(scene);
      const before = await scene.folder.describe(plain);
      const dying = failAt(safeFiles, k);
      const state = failStateAt(await scene.state(), dying.count);
      let killed = false;
      try {
        const report = await scene.restore(wanted, { files: dying.files, state });
        killed = report.failed.length > 0;
      } catch (error) {
        assert.match(String(error), /killed/);
        killed = true;
      }
      const recovered = await scene.recover(acknowledged);
      finished += recovered.finished;
      undone += recovered.undone;
      await scene.recover(true);
      const after = await scene.folder.describe(plain);
      const text = `killed at call ${k}`;
      assert.ok([String(before), String(restored)].includes(String(after)), `${text}: ${after.join('\n')}`);
      if (String(after) === String(restored)) {
        await scene.undo();
        await scene.recover(true);
        assert.deepEqual(await scene.folder.describe(plain), before, text);
      }
      if (!killed && dying.calls() < k) break;
    }
    assert.ok(finished > 5 && undone > 5, `${finished} finished, ${undone} undone`);
  });

  await test(`an undo killed at any step is finished or undone too (${acknowledged ? 'online' : 'offline'})`, async (t) => {
    for (let k = 1; ; k++) {
      const scene = await Scene.create(t);
      scene.acknowledged = acknowledged;
      await prepare(scene);
      const before = await scene.folder.describe(plain);
      await scene.restore(wanted);
      const dying = failAt(safeFiles, k);
      let killed = false;
      try {
        await scene.undo({ files: dying.files, state: failStateAt(await scene.state(), dying.count) });
      } catch (error) {
        assert.match(String(error), /killed/);
        killed = true;
      }
      await scene.recover(acknowledged);
      await scene.recover(true);
      const after = await scene.folder.describe(plain);
      assert.ok([String(before), String(restored)].includes(String(after)), `killed at call ${k}: ${after.join('\n')}`);
      if (!killed && dying.calls() < k) break;
    }
  });
}
