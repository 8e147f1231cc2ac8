import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import test from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import { safeFiles } from '../../platform/safeFiles.ts';
import type { SafeFiles } from '../../ports/safeFiles.ts';
import { DiskFolder } from '../../testing/diskFolder.ts';
import { unsteady } from '../../testing/failingFiles.ts';
import { RestoreScene } from '../../testing/restoreScene.ts';
import { path } from '../../testing/testWorkspace.ts';
import { TargetFolder } from './targetFolder.ts';

const plain = { modes: false } as const;

await test('reaches nothing through a link, wherever it is on the way', async (t) => {
  const folder = await DiskFolder.create(t);
  const outside = await DiskFolder.create(t);
  await outside.write('secret', 'x');
  await fs.symlink(outside.text, folder.at('link'));
  await folder.write('d/e/f', 'x');
  for (const files of [safeFiles, unsteady]) {
    const target = new TargetFolder(files, folder.path);
    await assert.rejects(target.use(path('link'), async () => undefined), (error) => isBackupError(error, 'conflict'));
    await assert.rejects(target.at(path('link/secret'), async () => undefined), (error) => isBackupError(error, 'conflict'));
    assert.equal(await target.stat(path('link/secret')), undefined);
    assert.equal((await target.stat(path('link')))?.kind, 'symlink');
    assert.equal((await target.stat(path('d/e/f')))?.kind, 'file');
    await target.close();
  }
});

await test('notices a directory that was exchanged for a link since it was used last', async (t) => {
  for (const files of [safeFiles, unsteady]) {
    const folder = await DiskFolder.create(t);
    const outside = await DiskFolder.create(t);
    await outside.write('e/f', 'x');
    await folder.write('d/e/f', 'x');
    const target = new TargetFolder(files, folder.path);
    assert.equal((await target.stat(path('d/e/f')))?.kind, 'file');
    await fs.rename(folder.at('d'), folder.at('moved'));
    await fs.symlink(outside.text, folder.at('d'));
    await assert.rejects(target.use(path('d/e'), async () => undefined), (error) => isBackupError(error, 'conflict'));
    await target.close();
  }
});

await test('writes nothing outside when a directory is exchanged for a link in the very moment of writing', { skip: process.platform !== 'linux' }, async (t) => {
  for (const call of ['create', 'makeDirectory', 'makeSymlink', 'renameNew', 'setModified', 'rename', 'removeFile'] as const) {
    const scene = await RestoreScene.create(t);
    const outside = await DiskFolder.create(t);
    await outside.write('keep', 'x');
    for (const name of ['inside', 'gone', 'new/x', 'link']) await outside.write(`victims/${name}`, 'not yours');
    const before = await outside.describe({ times: true });
    await scene.folder.write('victims/inside', 'old');
    await scene.folder.write('victims/gone', 'old');
    let swapped = false;
    const attacking: SafeFiles = {
      ...safeFiles,
      async [call](...args: never[]) {
        if (!swapped && String(args[0]).startsWith('/proc/self/fd/') && (await fs.stat(scene.folder.at('victims'))).isDirectory()) {
          swapped = true;
          await fs.rename(scene.folder.at('victims'), scene.folder.at('moved'));
          await fs.symlink(`${outside.text}/victims`, scene.folder.at('victims'));
        }
        return await (safeFiles[call] as (...all: never[]) => Promise<never>)(...args);
      },
    };
    const spec = { victims: { folder: { inside: 'new', link: { link: 'x' }, new: { folder: { x: 'y' } } } } };
    const keptNames = async () => new Set(['gone', 'inside']) as never;
    try {
      await scene.restore(spec, { files: attacking, deleteOthers: { keptNames } });
    } catch (error) {
      assert.ok(isBackupError(error), String(error)); // Refusing the whole restore is as good as finishing it elsewhere.
    }
    await scene.recover();
    assert.ok(swapped, call);
    assert.deepEqual(await outside.describe({ times: true }), before, call);
  }
});

await test('replaces a link by the folder that the snapshot has there, and touches nothing behind it', async (t) => {
  const scene = await RestoreScene.create(t);
  const outside = await DiskFolder.create(t);
  await outside.write('d/x', 'not yours');
  await fs.symlink(outside.at('d'), scene.folder.at('d'));
  const report = await scene.restore({ d: { folder: { x: 'restored' } } });
  assert.deepEqual(report.failed, []);
  assert.deepEqual(await scene.folder.describe(plain), ['d directory', 'd/x "restored"']);
  assert.deepEqual(await outside.describe(plain), ['d directory', 'd/x "not yours"']);
  await scene.undo();
  assert.deepEqual(await scene.folder.describe(plain), [`d -> ${outside.at('d')}`]);
});

await test('removes a link in what it takes away, never what it leads to', async (t) => {
  const scene = await RestoreScene.create(t);
  const outside = await DiskFolder.create(t);
  await outside.write('d/x', 'not yours');
  await scene.folder.write('gone/a', 'x');
  await fs.symlink(outside.at('d'), scene.folder.at('gone/link'));
  await scene.restore({ gone: 'a file now' });
  assert.deepEqual(await scene.folder.describe(plain), ['gone "a file now"']);
  await scene.restore({ gone: { folder: { link: { link: outside.at('d') } } } });
  await scene.undo();
  assert.deepEqual(await outside.describe(plain), ['d directory', 'd/x "not yours"']);
});

await test('takes everything back when the disk is full, and says so', async (t) => {
  const scene = await RestoreScene.create(t);
  await scene.folder.write('a', 'old');
  let files = 0;
  const full: SafeFiles = {
    ...safeFiles,
    async create(at, mode) {
      if (++files > 3) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return await safeFiles.create(at, mode);
    },
  };
  const spec = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, `new ${name}`]));
  await assert.rejects(scene.restore(spec, { files: full }), (error) => isBackupError(error, 'limit'));
  assert.deepEqual(await scene.folder.describe(plain), ['a "old"']);
  assert.deepEqual(await (await scene.state()).list(), []);
});

await test('leaves sockets and pipes alone, and what holds them', { skip: process.platform === 'win32' }, async (t) => {
  const scene = await RestoreScene.create(t);
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  await scene.folder.write('d/x', 'old');
  await promisify(execFile)('mkfifo', [scene.folder.at('pipe'), scene.folder.at('d/pipe')]);
  const report = await scene.restore({ pipe: 'a file', d: 'a file' });
  assert.deepEqual(report.refused, [{ path: 'd', reason: 'in-the-way' }, { path: 'pipe', reason: 'in-the-way' }]);
  assert.deepEqual(await scene.folder.describe(plain), ['d directory', 'd/pipe other', 'd/x "old"', 'pipe other']);
});

await test('does not stumble over a journal that the disk has damaged', async (t) => {
  const scene = await RestoreScene.create(t);
  await scene.folder.write('a', 'old');
  await scene.restore({ a: 'new' });
  const state = await scene.state();
  const [plan] = (await state.list()).filter((name) => name.endsWith('.plan'));
  const bytes = (await state.read(plan!))!;
  bytes[bytes.length - 2]! ^= 1;
  await state.replace(plan!, bytes);
  await state.remove(plan!.replace('.plan', '.done'));
  assert.equal((await scene.recover()).unreadable, 1);
  await assert.rejects(scene.undo(), (error) => isBackupError(error, 'corrupt'));
  await scene.restore({ a: 'newer' });
  assert.equal(await scene.folder.read('a'), 'newer');
  await scene.undo();
  assert.equal(await scene.folder.read('a'), 'new');
});
