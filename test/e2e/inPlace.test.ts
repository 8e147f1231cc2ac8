import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBench } from './bench.ts';
import { assertSameTree, readTreeState } from './treeState.ts';

test('an in-place restore over changed, ignored, dirty and deleted files is taken back byte for byte', async (context) => {
  const { client, workspace: make } = await openBench(context);
  const workspace = await make('project', { 'a.txt': 'one\n', 'gone.txt': 'will be deleted\n', 'dir/b.txt': 'b\n', 'secret.log': 'kept at first\n' });
  const inWorkspace = { workingDirectory: workspace };
  const first = await client.json(['push'], inWorkspace);

  await writeFile(join(workspace, '.gitignore'), '*.log\n');
  await writeFile(join(workspace, 'secret.log'), 'ignored by now, and never backed up like this\n');
  await client.json(['push'], inWorkspace);
  await writeFile(join(workspace, 'a.txt'), 'dirty\n');
  await rm(join(workspace, 'gone.txt'));
  await rm(join(workspace, 'dir'), { recursive: true });
  await writeFile(join(workspace, 'dir'), 'a file where a folder was\n');
  await writeFile(join(workspace, 'new.txt'), 'new\n');
  await writeFile(join(workspace, 'other.log'), 'never known to the snapshot\n');
  const dirty = await readTreeState(workspace);

  await context.test('a dry run changes nothing', async () => {
    const dry = await client.json(['restore', first.snapshot, '--in-place', '--delete', '--dry-run'], inWorkspace);
    assert.equal(dry.dryRun, true);
    assert.ok(dry.actions.some((each: { kind: string; path: string }) => each.kind === 'delete' && each.path === 'new.txt'));
    assertSameTree(await readTreeState(workspace), dirty);
  });

  await context.test('with --delete the folder is as the snapshot, but what the rules leave out stays', async () => {
    const done = await client.json(['restore', first.snapshot, '--in-place', '--delete'], inWorkspace);
    assert.deepEqual([done.refused, done.failed, done.left], [[], [], []]);
    assert.equal(await readFile(join(workspace, 'a.txt'), 'utf8'), 'one\n');
    assert.equal(await readFile(join(workspace, 'gone.txt'), 'utf8'), 'will be deleted\n');
    assert.equal(await readFile(join(workspace, 'dir/b.txt'), 'utf8'), 'b\n');
    assert.equal(await readFile(join(workspace, 'secret.log'), 'utf8'), 'kept at first\n');
    assert.equal(await readFile(join(workspace, 'other.log'), 'utf8'), 'never known to the snapshot\n');
    await assert.rejects(readFile(join(workspace, 'new.txt')));
  });

  await context.test('undo brings back every byte, ignored ones included', async () => {
    await client.json(['undo'], inWorkspace);
    assertSameTree(await readTreeState(workspace), dirty);
  });

  await context.test('one path alone is restored alone', async () => {
    await client.json(['restore', `${first.snapshot}:a.txt`, '--in-place'], inWorkspace);
    assert.equal(await readFile(join(workspace, 'a.txt'), 'utf8'), 'one\n');
    await assert.rejects(readFile(join(workspace, 'gone.txt')));
    await client.json(['undo'], inWorkspace);
    assertSameTree(await readTreeState(workspace), dirty);
  });
});

test('there is nothing to undo without a restore, and nothing of another workspace goes in place', async (context) => {
  const { client, workspace: make } = await openBench(context);
  const one = await make('one', { a: '1' });
  const two = await make('two', { a: '2' });
  const first = await client.json(['push', one]);
  await client.json(['push', two]);
  assert.equal((await client.json(['undo'], { workingDirectory: two, code: 1 })).error.code, 'not-found');
  assert.equal((await client.json(['restore', first.snapshot, '--in-place'], { workingDirectory: two, code: 5 })).error.code, 'conflict');
  assert.equal(await readFile(join(two, 'a'), 'utf8'), '2');
  await mkdir(join(two, 'sub'));
  for (const words of [['restore', 'latest'], ['restore', 'latest', '--to', 'x', '--in-place'], ['restore', 'latest', '--to', 'x', '--delete']]) {
    await client.json(words, { workingDirectory: two, code: 2 });
  }
});
