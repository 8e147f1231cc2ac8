import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { ruleOptionsDefault } from '../../core/ignore/directoryRules.ts';
import type { SnapshotWarning } from '../../core/snapshot/snapshotTypes.ts';
import { safeFiles } from '../../platform/safeFiles.ts';
import { DiskFolder } from '../../testing/diskFolder.ts';
import { collect, path, TestWorkspace } from '../../testing/testWorkspace.ts';
import type { FolderSpec } from '../../testing/testWorkspace.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { restoreInto } from '../restore/restoreInto.ts';
import { FolderRules } from '../scan/folderRules.ts';
import { diffFolder } from './diffFolder.ts';

const { signal } = new AbortController();

/** A folder just restored from a snapshot, and how it differs after `change`. */
async function differences(t: TestContext, spec: FolderSpec, change: (folder: DiskFolder) => Promise<void>) {
  const world = await TestWorkspace.create();
  const folder = await DiskFolder.create(t);
  const { context, repository } = world;
  const root = await world.store(spec);
  const reader = new ObjectReader({ repository, context, signal });
  await restoreInto({ reader, context, files: safeFiles, root, path: path(''), folder: folder.path, windows: false, signal, onProgress: () => undefined });
  await change(folder);
  const warnings: SnapshotWarning[] = [];
  const rules = new FolderRules({ files: safeFiles, root: folder.path, options: ruleOptionsDefault });
  const scan = { files: safeFiles, root: folder.path, rules };
  const found = await collect(diffFolder({ reader, context, root, scan, signal, onWarning: (warning) => warnings.push(warning) }));
  return { found: found.map(({ path: at, kind }) => `${kind} ${at}`), warnings };
}

const spec: FolderSpec = {
  a: 'content',
  big: new Uint8Array(3 * 1024 * 1024).fill(7),
  d: { folder: { b: 'x', c: { folder: { deep: 'y' } } } },
  e: { folder: {} },
  l: { link: 'a' },
};

await test('finds nothing in a folder as it was restored', async (t) => {
  assert.deepEqual(await differences(t, spec, async () => undefined), { found: [], warnings: [] });
});

await test('finds what was added, changed, replaced and deleted, in order, and nothing that rules leave out', async (t) => {
  const { found } = await differences(t, spec, async (folder) => {
    await folder.write('.gitignore', '*.log\n');
    await folder.write('d/new.log', 'left out');
    await folder.write('d/new/one', '1');
    await fs.rm(folder.at('d/c'), { recursive: true });
    await folder.write('d/c', 'a file now');
    await fs.rm(folder.at('e'), { recursive: true });
    await fs.rm(folder.at('l'));
    await fs.symlink('b', folder.at('l'));
    await fs.chmod(folder.at('d/b'), 0o600);
  });
  assert.deepEqual(found, ['add .gitignore', 'meta d/b', 'type d/c', 'delete d/c/deep', 'add d/new', 'add d/new/one', 'delete e', 'modify l']);
});

await test('sees a change of content that left size and time as they were', async (t) => {
  const { found } = await differences(t, spec, async (folder) => {
    for (const name of ['a', 'big']) {
      const { atime, mtime } = await fs.stat(folder.at(name));
      const bytes = await fs.readFile(folder.at(name));
      bytes[bytes.length - 1]! ^= 1;
      await fs.writeFile(folder.at(name), bytes);
      await fs.utimes(folder.at(name), atime, mtime);
    }
  });
  assert.deepEqual(found.map((line) => line.split(' ')[0] === 'modify' && line), ['modify a', 'modify big']);
});
