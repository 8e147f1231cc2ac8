import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import { foldersAbove, physicalPath } from './physicalPath.ts';

test('links above a path are resolved, it itself is not, and it need not exist', { skip: process.platform === 'win32' }, async (context) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-path-')));
  context.after(async () => await rm(folder, { recursive: true }));
  await mkdir(join(folder, 'real'));
  await writeFile(join(folder, 'real/file'), '');
  await symlink('real', join(folder, 'alias'));
  await symlink('file', join(folder, 'real/link'));
  await symlink('nothing', join(folder, 'real/broken'));
  const table = [
    ['alias/file', 'real/file'],
    ['alias', 'alias'],
    ['alias/link', 'real/link'],
    ['alias/broken', 'real/broken'],
    ['alias/gone/deeper', 'real/gone/deeper'],
    ['', ''],
  ] as const;
  for (const [typed, want] of table) {
    assert.equal(await physicalPath(join(folder, typed) as AbsolutePath), join(folder, want), typed);
  }
});

test('the folders above a path are named nearest first, up to the root', () => {
  const above = (path: string): readonly string[] => foldersAbove(path as AbsolutePath);
  assert.deepEqual(above('/a/b'), ['/a/b', '/a', '/']);
  assert.deepEqual(above('/'), ['/']);
  assert.deepEqual(above('C:/a'), ['C:/a', 'C:']);
});
