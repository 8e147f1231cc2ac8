import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBench } from '../e2e/bench.ts';
import type { Json, TestClient } from '../e2e/testClient.ts';
import { assertSameTree, readTreeState } from '../e2e/treeState.ts';

const mib = 1024 * 1024;
const fileBytes = 2048 * mib;
const residentBytesMax = 300 * mib;
/** Islands of random content in a sea of zeros: enough to fill many packs. */
const islands = 24;
const islandBytes = 8 * mib;

test('2 GiB are backed up and restored under 300 MB of memory', { timeout: 900_000 }, async (context) => {
  const { folder, client } = await openBench(context);
  const workspace = join(folder, 'big');
  await mkdir(workspace);
  await makeSparseFile(join(workspace, 'disk.img'));

  const pushed = await measured(client, ['push', workspace], context);
  assert.equal(pushed.filesNew, 1);
  assert.ok(pushed.bytesSent < (islands * islandBytes + 64 * mib) * 1.05, `${pushed.bytesSent} bytes were sent`);
  assert.equal((await client.json(['push', workspace])).unchanged, true);

  const restored = join(folder, 'restored');
  await measured(client, ['restore', pushed.snapshot, '--to', restored], context);
  assertSameTree(await readTreeState(restored), await readTreeState(workspace));
});

async function makeSparseFile(path: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.truncate(fileBytes);
    for (let island = 0; island < islands; island++) {
      // Odd places, so that no island begins where a chunk does.
      await file.write(randomBytes(islandBytes), 0, islandBytes, Math.floor((island * fileBytes) / islands) + 12_345);
    }
  } finally {
    await file.close();
  }
}

async function measured(client: TestClient, words: readonly string[], context: { diagnostic(text: string): void }): Promise<Json> {
  const file = join(client.home, `peak-${words[0]}`);
  const preload = fileURLToPath(new URL('./peakMemory.mjs', import.meta.url));
  const environment = { NODE_OPTIONS: `--import=${preload}`, HOLDFAST_TEST_PEAK_FILE: file };
  const document = await client.json(words, { environment });
  const peak = Number(await readFile(file, 'utf8'));
  context.diagnostic(`${words[0]}: ${Math.round(peak / mib)} MiB resident at most`);
  assert.ok(peak < residentBytesMax, `${words[0]} took ${Math.round(peak / mib)} MiB`);
  return document;
}
