import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBench } from '../e2e/bench.ts';
import { assertSameTree, readTreeState } from '../e2e/treeState.ts';

const files = 100_000;

test('100,000 files in one folder go and come back, and one change among them costs little', { timeout: 1_200_000 }, async (context) => {
  const { folder, client } = await openBench(context);
  const workspace = join(folder, 'many');
  await mkdir(workspace);
  for (let first = 0; first < files; first += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => writeFile(join(workspace, nameOf(first + at)), `content of ${first + at}\n`)));
  }
  const first = await client.json(['push', workspace]);
  assert.equal(first.filesNew, files);

  await writeFile(join(workspace, nameOf(54_321)), 'changed\n');
  await rm(join(workspace, nameOf(12_345)));
  const second = await client.json(['push', workspace]);
  assert.deepEqual([second.filesNew, second.filesChanged, second.filesDeleted], [0, 1, 1]);
  assert.ok(second.bytesSent < 100_000, `${second.bytesSent} bytes were sent`);

  const restored = join(folder, 'restored');
  await client.json(['restore', 'latest', '--to', restored, '--workspace', 'many']);
  assert.equal((await readdir(restored)).length, files - 1);
  assertSameTree(await readTreeState(restored), await readTreeState(workspace));
});

function nameOf(number: number): string {
  return `file-${String(number).padStart(6, '0')}.txt`;
}
