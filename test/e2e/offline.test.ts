import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBench } from './bench.ts';
import type { RunningProgram } from './program.ts';
import type { Json } from './testClient.ts';

/** The next line of that event; others before it are passed over. */
async function event(running: RunningProgram, name: string): Promise<Json> {
  for (;;) {
    const line = JSON.parse(await running.line()) as Json;
    if (line['event'] === name) return line;
    assert.notEqual(line['event'], 'error', JSON.stringify(line));
  }
}

/** In one step: a watch that looked while it is written would rightly keep the empty file too. */
async function replaceFile(path: string, content: string): Promise<void> {
  const beside = join(path, '../../staged');
  await writeFile(beside, content);
  await rename(beside, path);
}

test('without the server a push is queued with exit code 4, and arrives with the next one', { timeout: 180_000 }, async (context) => {
  const { server, client, workspace: make } = await openBench(context);
  const workspace = await make('project', { 'a.txt': 'one' });
  const inWorkspace = { workingDirectory: workspace };
  await client.json(['push'], inWorkspace);
  await server.stop();
  await writeFile(join(workspace, 'a.txt'), 'two');
  const queued = await client.json(['push', '--message', 'made offline'], { ...inWorkspace, code: 4 });
  assert.deepEqual([queued.queued, queued.error.code, queued.seq], [true, 'unavailable', null]);
  assert.equal((await client.json(['snapshots'], { ...inWorkspace, code: 4 })).error.code, 'unavailable');
  await server.start();
  await writeFile(join(workspace, 'a.txt'), 'three');
  const sent = await client.json(['push'], inWorkspace);
  assert.equal(sent.queued, false);
  const { snapshots } = await client.json(['snapshots'], inWorkspace);
  assert.deepEqual(snapshots.map((each: { snapshot: string }) => each.snapshot).slice(0, 2), [sent.snapshot, queued.snapshot]);
  assert.equal((await client.run(['cat', `${queued.snapshot}:a.txt`])).stdout.toString(), 'two');
});

test('a watch queues while the server is away; killed, everything arrives in order all the same', { timeout: 180_000 }, async (context) => {
  const { server, client, workspace: make } = await openBench(context);
  const workspace = await make('project', { 'a.txt': '0' });
  const inWorkspace = { workingDirectory: workspace };
  const watching = client.start(['watch', '--json'], inWorkspace);
  context.after(async () => await watching.kill('SIGKILL'));
  await event(watching, 'watching');
  await replaceFile(join(workspace, 'a.txt'), '1');
  assert.deepEqual((await event(watching, 'snapshot'))['changed'], [{ path: 'a.txt', kind: 'modify' }]);

  await context.test('another process asks the watch', async () => {
    await writeFile(join(workspace, 'b.txt'), 'b');
    assert.equal((await client.json(['push', '--message', 'asked'], inWorkspace)).queued, false);
    assert.equal((await client.json(['watch'], { ...inWorkspace, code: 5 })).error.code, 'conflict');
    await client.json(['restore', 'latest:a.txt', '--in-place'], inWorkspace);
  });

  await server.stop();
  for (const content of ['2', '3', '4']) {
    await replaceFile(join(workspace, 'a.txt'), content);
    await event(watching, 'queued');
  }
  await watching.kill('SIGKILL');
  await server.start();
  const again = client.start(['watch', '--json'], inWorkspace);
  context.after(async () => await again.kill('SIGKILL'));
  await event(again, 'watching');
  const { snapshots } = await client.json(['snapshots'], inWorkspace);
  const contents = await Promise.all(
    [...snapshots].reverse().map(async ({ snapshot }: { snapshot: string }) => (await client.run(['cat', `${snapshot}:a.txt`])).stdout.toString()),
  );
  assert.deepEqual([...new Set(contents)], ['0', '1', '2', '3', '4']);
  assert.deepEqual(contents, contents.toSorted());
  const ended = await again.kill('SIGTERM');
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(await readFile(join(workspace, 'a.txt'), 'utf8'), '4');
});

test('a watch whose device is revoked ends with 5', { timeout: 120_000 }, async (context) => {
  const { client, another, workspace: make } = await openBench(context);
  const workspace = await make('project', { 'a.txt': '0' });
  const other = await another('other');
  const watching = other.start(['watch', workspace, '--json']);
  context.after(async () => await watching.kill('SIGKILL'));
  await event(watching, 'watching');
  const { device } = await other.json(['whoami']);
  await client.json(['devices', 'revoke', device]);
  await writeFile(join(workspace, 'a.txt'), '1');
  const { code, stderr } = await watching.ended;
  assert.equal(code, 5, stderr);
});
