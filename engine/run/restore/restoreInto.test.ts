import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import { safeFiles } from '../../platform/safeFiles.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { SafeFiles } from '../../ports/safeFiles.ts';
import { DiskFolder } from '../../testing/diskFolder.ts';
import { failAt } from '../../testing/failingFiles.ts';
import { path, testMtimeNs, TestWorkspace } from '../../testing/testWorkspace.ts';
import type { FolderSpec, Spec } from '../../testing/testWorkspace.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { planRestoreInto, restoreInto } from './restoreInto.ts';
import type { RestoreIntoOptions } from './restoreInto.ts';
import type { RestoreReport } from './restoreReport.ts';

class Scene {
  readonly world: TestWorkspace;
  readonly folder: DiskFolder;

  static async create(t: TestContext): Promise<Scene> {
    return new Scene(await TestWorkspace.create(), await DiskFolder.create(t));
  }

  private constructor(world: TestWorkspace, folder: DiskFolder) {
    this.world = world;
    this.folder = folder;
  }

  options(root: TreeId, other: Partial<RestoreIntoOptions> = {}): RestoreIntoOptions {
    const { signal } = new AbortController();
    const { context, repository } = this.world;
    const reader = new ObjectReader({ repository, context, signal });
    return { reader, context, files: safeFiles, root, path: path(''), folder: this.folder.path, windows: false, signal, onProgress: () => undefined, ...other };
  }

  async restore(spec: FolderSpec, other: Partial<RestoreIntoOptions> = {}): Promise<RestoreReport> {
    return await restoreInto(this.options(await this.world.store(spec), other));
  }
}

const everything: FolderSpec = {
  'a file': 'content',
  empty: '',
  'read-only': { file: 'locked', mode: 0o444 },
  'group-writable': { file: 'x', mode: 0o666 },
  setuid: { file: 'x', mode: 0o4755 },
  folder: { folder: { inner: { file: 'x', mtimeNs: 1_234_567_890_123_456_789n }, deeper: { folder: {} } } },
  'read-only folder': { folder: { inside: 'x' }, mode: 0o555, mtimeNs: 1_000_000_000_000_000_000n },
  'new\nline "and" quotes': 'x',
  ünïcode: 'x',
  dangling: { link: 'nowhere' },
  outside: { link: '/etc/passwd' },
  itself: { link: 'itself' },
};

await test('restores content, modes, times and links; a second run finds everything the same', async (t) => {
  const scene = await Scene.create(t);
  const report = await scene.restore(everything);
  assert.deepEqual([report.failed, report.refused], [[], []]);
  const micro = testMtimeNs / 1_000n;
  const latin = (text: string): string => Buffer.from(text).toString('latin1');
  assert.deepEqual(await scene.folder.describe({ times: true }), [
    `a file "content" 644 ${micro}`,
    `dangling -> nowhere ${micro}`,
    `empty "" 644 ${micro}`,
    `folder directory 755 ${micro}`,
    `folder/deeper directory 755 ${micro}`,
    `folder/inner "x" 644 1234567890123456`,
    `group-writable "x" 666 ${micro}`,
    `itself -> itself ${micro}`,
    `new\nline "and" quotes "x" 644 ${micro}`,
    `outside -> /etc/passwd ${micro}`,
    `read-only "locked" 444 ${micro}`,
    `read-only folder directory 555 1000000000000000`,
    `read-only folder/inside "x" 644 ${micro}`,
    `setuid "x" 4755 ${micro}`,
    `${latin('ünïcode')} "x" 644 ${micro}`,
  ].sort());
  const again = await scene.restore(everything);
  assert.deepEqual([again.totals.files, again.totals.meta, again.totals.same, again.failed], [0, 0, 12, []]);
});

await test('restores one file under its name, and the content of one folder', async (t) => {
  const scene = await Scene.create(t);
  const spec: FolderSpec = { d: { folder: { e: { folder: { f: 'one', g: 'two' } } } }, other: 'x' };
  await scene.restore(spec, { path: path('d/e/f') });
  assert.deepEqual(await scene.folder.describe({ modes: false }), ['f "one"']);
  await scene.restore(spec, { path: path('d') });
  assert.deepEqual(await scene.folder.describe({ modes: false }), ['e directory', 'e/f "one"', 'e/g "two"', 'f "one"']);
  await assert.rejects(scene.restore(spec, { path: path('d/none') }), (error) => isBackupError(error, 'not-found'));
});

await test('leaves alone what is there and differs, and says so', async (t) => {
  const scene = await Scene.create(t);
  await scene.folder.write('a', 'mine');
  await scene.folder.write('b/inside', 'mine too');
  await scene.folder.write('extra', 'stays');
  await fs.symlink('/etc', scene.folder.at('c'));
  const report = await scene.restore({ a: 'stored', b: 'was a file', c: { folder: { passwd: 'evil' } }, d: 'new' });
  assert.deepEqual(report.refused, ['a', 'b', 'c'].map((name) => ({ path: name, reason: 'exists' })));
  assert.deepEqual(await scene.folder.describe({ modes: false }), ['a "mine"', 'b directory', 'b/inside "mine too"', 'c -> /etc', 'd "new"', 'extra "stays"']);
});

await test('does nothing in a dry run, also where the folder is not there yet', async (t) => {
  const scene = await Scene.create(t);
  const options = scene.options(await scene.world.store(everything), { folder: `${scene.folder.path}/not/there` as never });
  const plan = await planRestoreInto(options, { windows: false, caseInsensitive: false });
  assert.deepEqual([plan.totals.files, plan.totals.directories, plan.totals.symlinks], [9, 3, 3]);
  assert.deepEqual(await scene.folder.describe(), []);
  await restoreInto(options);
  assert.equal((await scene.folder.describe()).length, 2 + 15);
});

await test('refuses names that Windows gives a meaning of its own, entry by entry', async (t) => {
  const scene = await Scene.create(t);
  const bad = ['CON', 'con.txt', 'LPT1', 'COM¹', 'aux .x', 'nul', 'trailing.', 'trailing ', 'file:stream', 'a*b', 'back\\slash', 'a\x01b'];
  const report = await scene.restore({ fine: 'x', console: 'x', ...Object.fromEntries(bad.map((name) => [name, 'x'])), d: { folder: { prn: { folder: { x: 'x' } }, ok: 'x' } } }, { windows: true });
  assert.equal(report.refused.length, bad.length + 1);
  assert.ok(report.refused.every(({ reason }) => reason === 'windows-name'));
  assert.deepEqual(await scene.folder.describe({ modes: false }), ['console "x"', 'd directory', 'd/ok "x"', 'fine "x"']);
});

await test('reports names that a disk without case would put over one another', async (t) => {
  const scene = await Scene.create(t);
  const root = await scene.world.store({ README: 'one', readme: 'two', Straße: 'x', STRASSE: 'y', d: { folder: { A: { link: '/etc' }, a: { folder: { passwd: 'evil' } } } } });
  const plan = await planRestoreInto(scene.options(root), { windows: false, caseInsensitive: true });
  assert.deepEqual(plan.refused.map(({ path: at, reason }) => `${at} ${reason}`), [`${Buffer.from('Straße').toString('latin1')} case-clash`, 'readme case-clash', 'd/a case-clash']);
});

await test('lists a file whose content is lost, and restores the others', async (t) => {
  const scene = await Scene.create(t);
  const root = await scene.world.store({ good: 'good', bad: 'this one is lost', worse: 'this too' });
  const account = scene.world.server.account(scene.world.account);
  const objectsOf = (text: string): PlainObject[] => {
    const objects: PlainObject[] = [];
    scene.world.contentOf(new TextEncoder().encode(text), objects);
    return objects;
  };
  const good = objectsOf('good');
  await scene.world.putSegments([{ content: 'data', objects: good }]);
  account.objects.get(good[0]!.id)!.segments.shift();
  for (const lost of [...objectsOf('this one is lost'), ...objectsOf('this too')]) account.objects.delete(lost.id);
  const report = await restoreInto(scene.options(root));
  assert.deepEqual(report.failed.map(({ path: at, code }) => `${at} ${code}`).sort(), ['bad corrupt', 'worse corrupt']);
  assert.deepEqual(await scene.folder.describe(), ['good "good" 644']);
});

await test('streams large files and long runs of zeros, and writes nothing under the name of a file that is not complete', async (t) => {
  const scene = await Scene.create(t);
  const big = scene.world.context.random.bytes(9 * 1024 * 1024);
  const seen = new Set<string>();
  const watching: SafeFiles = {
    ...safeFiles,
    async create(at, mode) {
      seen.add(at.slice(at.lastIndexOf('/') + 1));
      return await safeFiles.create(at, mode);
    },
  };
  const report = await scene.restore({ big: big, zeros: new Uint8Array(24 * 1024 * 1024), small: 'x' }, { files: watching });
  assert.deepEqual(report.failed, []);
  assert.deepEqual(await fs.readFile(scene.folder.at('big')), Buffer.from(big));
  assert.ok((await fs.readFile(scene.folder.at('zeros'))).equals(Buffer.alloc(24 * 1024 * 1024)));
  assert.ok([...seen].every((name) => /^\.holdfast-[0-9a-f]{16}\.tmp$/.test(name)), [...seen].join());
});

await test('restores a folder a thousand levels deep, beyond what a path may be long', async (t) => {
  const scene = await Scene.create(t);
  let spec: Spec = 'bottom';
  for (let depth = 0; depth < 1_000; depth++) spec = { folder: { 'a name': spec } };
  const report = await scene.restore({ top: spec });
  assert.deepEqual(report.failed, []);
  const again = await scene.restore({ top: spec });
  assert.deepEqual([again.totals.files, again.totals.same, again.failed], [0, 1, []]);
});

await test('goes on where a killed restore stopped, and clears what it left', async (t) => {
  const spec: FolderSpec = { a: 'one', d: { folder: { b: 'two', c: { file: 'three', mode: 0o600 }, l: { link: 'x' } }, mode: 0o500 }, e: { folder: {} } };
  for (let k = 1; ; k++) {
    const scene = await Scene.create(t);
    const failing = failAt(safeFiles, k);
    let killed = false;
    try {
      const report = await scene.restore(spec, { files: failing.files });
      killed = report.failed.length > 0;
    } catch (error) {
      assert.match(String(error), /killed/);
      killed = true;
    }
    const report = await scene.restore(spec);
    assert.deepEqual([report.failed, report.refused], [[], []], `killed at call ${k}`);
    assert.deepEqual(await scene.folder.describe(), ['a "one" 644', 'd directory 500', 'd/b "two" 644', 'd/c "three" 600', 'd/l -> x', 'e directory 755'], `killed at call ${k}`);
    if (!killed && failing.calls() < k) break;
  }
});
