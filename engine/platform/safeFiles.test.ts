import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import test from 'node:test';
import { systemCodeOf } from '../../base/errors.ts';
import { DiskFolder } from '../testing/diskFolder.ts';
import type { AbsolutePath } from '../ports/files.ts';
import { safeFiles } from './safeFiles.ts';

const hasCode = (...codes: readonly string[]) => (error: unknown): boolean => codes.includes(systemCodeOf(error) ?? '');

await test('renames files, links and folders, and replaces none', async (t) => {
  const folder = await DiskFolder.create(t);
  const at = (name: string): AbsolutePath => folder.at(name) as AbsolutePath;
  await folder.write('file', 'f');
  await folder.write('other', 'o');
  await folder.write('full/x', 'x');
  await folder.write('folder/y', 'y');
  await fs.symlink('file', folder.at('link'));
  for (const to of ['other', 'full', 'link']) {
    for (const from of ['file', 'folder', 'link']) {
      if (from === to) continue;
      await assert.rejects(safeFiles.renameNew(at(from), at(to)), hasCode('EEXIST', 'ENOTEMPTY', 'ENOTDIR'), `${from} to ${to}`);
    }
  }
  assert.deepEqual(await folder.describe({ modes: false }), ['file "f"', 'folder directory', 'folder/y "y"', 'full directory', 'full/x "x"', 'link -> file', 'other "o"']);
  for (const from of ['file', 'folder', 'link']) await safeFiles.renameNew(at(from), at(`new ${from}`));
  assert.deepEqual(await folder.describe({ modes: false }), ['full directory', 'full/x "x"', 'new file "f"', 'new folder directory', 'new folder/y "y"', 'new link -> file', 'other "o"']);
  await assert.rejects(safeFiles.renameNew(at('nothing'), at('x')), hasCode('ENOENT'));
});

await test('holds a folder, also when its name comes to mean another, and refuses what is none', async (t) => {
  const folder = await DiskFolder.create(t);
  await folder.write('d/x', 'mine');
  await folder.write('evil/x', 'not mine');
  await fs.symlink('d', folder.at('link'));
  await assert.rejects(safeFiles.hold(folder.at('link') as AbsolutePath), hasCode('ELOOP', 'ENOTDIR'));
  await assert.rejects(safeFiles.hold(folder.at('d/x') as AbsolutePath), hasCode('ENOTDIR'));
  await assert.rejects(safeFiles.hold(folder.at('none') as AbsolutePath), hasCode('ENOENT'));
  const held = await safeFiles.hold(folder.at('d') as AbsolutePath);
  assert.equal((await held.stat()).kind, 'directory');
  if (held.steady) {
    await fs.rename(folder.at('d'), folder.at('moved'));
    await fs.symlink('evil', folder.at('d'));
    await safeFiles.removeFile(safeFiles.join(held.path, 'x' as never));
    assert.deepEqual(await folder.describe({ modes: false }), ['d -> evil', 'evil directory', 'evil/x "not mine"', 'link -> d', 'moved directory']);
  }
  await held.sync();
  await held.close();
  await held.close();
});
