import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBench, share, shareBench, writeFiles, type Bench } from './bench.ts';
import type { Json } from './testClient.ts';
import { assertSameTree, readTreeState } from './treeState.ts';

const bench = shareBench();

interface Made extends Bench {
  readonly make: Bench['workspace'];
  readonly project: string;
  readonly first: Json;
}

const prepared = share(async (): Promise<Made> => {
  const { client, workspace: make } = await bench();
  const project = await make('a/project', { 'file.txt': 'x'.repeat(50_000) });
  return { ...(await bench()), make, project, first: await client.json(['push', project]) };
});

test('local state is a cache: deleted, the workspace is found again and almost nothing is sent', async () => {
  const { client, project, first } = await prepared();
  await rm(join(client.home, 'folders'), { recursive: true });
  const again = await client.json(['push', project]);
  assert.equal(again.workspace, first.workspace);
  assert.ok(again.bytesSent < 2_000, `${again.bytesSent} bytes were sent`);
  await appendFile(join(project, 'file.txt'), 'y');
  await rm(join(client.home, 'folders'), { recursive: true });
  const changed = await client.json(['push', project]);
  assert.deepEqual([changed.workspace, changed.filesChanged, changed.filesNew], [first.workspace, 1, 0]);
});

test('a second folder of the same name makes a second workspace', async () => {
  const { client, make, first } = await prepared();
  const other = await make('b/project', { 'file.txt': 'other' });
  const second = await client.json(['push', other]);
  assert.notEqual(second.workspace, first.workspace);
  assert.equal(second.workspaceName, 'project-2');
  const { workspaces } = await client.json(['workspaces']);
  assert.deepEqual(workspaces.map((each: { name: string }) => each.name).sort(), ['project', 'project-2']);
});

test('a link to a folder is pushed as the folder that it leads to', async () => {
  const { folder, client, project, first } = await prepared();
  await symlink(project, join(folder, 'alias'));
  assert.equal((await client.json(['push', join(folder, 'alias')])).workspace, first.workspace);
  assert.equal((await client.json(['snapshots', join(folder, 'alias')])).workspace.id, first.workspace);
});

test('a folder within is pushed as a part, unless another workspace is named', async () => {
  const { client, project, first } = await prepared();
  await writeFiles(project, { 'part/in.txt': 'in', 'out.txt': 'out' });
  const part = await client.json(['push', join(project, 'part')]);
  assert.deepEqual([part.workspace, part.folder, part.part, part.filesNew], [first.workspace, project, 'part', 1]);
  const own = await client.json(['push', join(project, 'part'), '--workspace', 'of its own']);
  assert.notEqual(own.workspace, first.workspace);
  assert.equal(own.filesNew, 1);
  assert.equal((await client.json(['push', project, '--workspace', 'of its own'], { code: 5 })).error.code, 'conflict');
});

test('a file alone is the one change of its folder’s workspace', async () => {
  const { client, project, first } = await prepared();
  await writeFiles(project, { 'one.txt': '1', 'two.txt': '2' });
  const one = await client.json(['push', join(project, 'one.txt')]);
  assert.deepEqual([one.workspace, one.filesNew], [first.workspace, 1]);
  const { entries } = await client.json(['ls', 'latest'], { workingDirectory: project });
  assert.ok(entries.some((each: { path: string }) => each.path === 'one.txt'));
  assert.ok(!entries.some((each: { path: string }) => each.path === 'two.txt'));
});

test('a file whose folder is not backed up is a workspace of its own, also after local state is gone', async () => {
  const { client, make } = await prepared();
  const loose = await make('loose', { 'on[ly].txt': '1', 'not.txt': '2' });
  const file = join(loose, 'on[ly].txt');
  const only = await client.json(['push', file]);
  assert.equal(only.filesNew, 1);
  await rm(join(client.home, 'folders'), { recursive: true });
  await writeFile(file, 'changed');
  const again = await client.json(['push', file]);
  assert.deepEqual([again.workspace, again.filesChanged, again.filesNew], [only.workspace, 1, 0]);
  const { entries } = await client.json(['ls', 'latest', '--workspace', 'on[ly].txt']);
  assert.deepEqual(entries.map((each: { path: string }) => each.path), ['on[ly].txt']);
  assert.equal((await client.json(['history', file])).versions.length, 2);
  assert.equal((await client.json(['snapshots', file])).snapshots.length, 2);
});

test('a clone on another device goes on with the same workspace', async () => {
  const { folder, client, another, project, first } = await prepared();
  await client.json(['push', project]);
  const other = await another('laptop');
  const target = join(folder, 'cloned');
  const cloned = await other.json(['clone', 'project', target]);
  assert.equal(cloned.workspace, first.workspace);
  assertSameTree(await readTreeState(target), await readTreeState(project));
  assert.equal((await other.json(['push', target])).unchanged, true);
  await writeFile(join(target, 'from-laptop.txt'), 'laptop');
  const pushed = await other.json(['push', target]);
  assert.deepEqual([pushed.workspace, pushed.filesNew], [first.workspace, 1]);
  const content = await client.run(['cat', 'latest:from-laptop.txt', '--workspace', 'project']);
  assert.equal(content.stdout.toString(), 'laptop');
  const busy = join(folder, 'busy');
  await mkdir(busy);
  await writeFile(join(busy, 'mine'), 'mine');
  assert.equal((await other.json(['clone', 'project', busy], { code: 5 })).error.code, 'conflict');
  assert.equal(await readFile(join(busy, 'mine'), 'utf8'), 'mine');
});

test('warnings are listed, and fail only a strict run', async (context) => {
  const { client, workspace: make } = await openBench(context);
  const workspace = await make('warned', { 'good.txt': 'good' });
  const socket = createServer().listen(join(workspace, 'socket'));
  context.after(() => socket.close());
  const pushed = await client.json(['push', workspace]);
  assert.deepEqual(pushed.warnings, [{ path: 'socket', kind: 'not-a-file' }]);
  const strict = await client.json(['push', workspace, '--strict'], { code: 6 });
  assert.equal(strict.snapshot, pushed.snapshot);
});
