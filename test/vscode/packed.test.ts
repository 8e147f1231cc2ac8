import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import JSZip from 'jszip';
import { vsixFile } from '../../scripts/package.ts';

const packed = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/changelog.md',
  'extension/extension/dist/engineWorker.cjs',
  'extension/extension/dist/extension.cjs',
  'extension/media/icon.png',
  'extension/media/icon.svg',
  'extension/package.json',
  'extension/readme.md',
];
const bytesMax = 1_000_000;

test('the packed extension holds its bundles and nothing else of the project', async () => {
  const bytes = await readFile(vsixFile());
  const { files } = await JSZip.loadAsync(bytes);
  assert.deepEqual(Object.values(files).filter(({ dir }) => !dir).map(({ name }) => name).sort(), packed);
  assert.ok(bytes.length < bytesMax, `${bytes.length} bytes`);
});
