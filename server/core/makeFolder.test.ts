import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from './makeFolder.ts';

test('makes a folder with all above it, once, for its owner alone', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-folder-'));
  try {
    for (const path of [join(parent, 'a', 'b', 'c'), join(parent, 'a', 'b', 'c'), join(parent, 'd')]) {
      await makeFolder(path);
      assert.ok((await stat(path)).isDirectory());
      if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o700);
    }
    await writeFile(join(parent, 'file'), '');
    await assert.rejects(makeFolder(join(parent, 'file')));
  } finally {
    await rm(parent, { recursive: true });
  }
});
