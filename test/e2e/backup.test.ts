import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { share, shareBench } from './bench.ts';
import type { Json, TestClient } from './testClient.ts';
import { assertSameTree, readTreeState, type EntryState } from './treeState.ts';

const hex64 = /^[0-9a-f]{64}$/;
const bench = shareBench();

/** A workspace of two snapshots. */
interface Made {
  readonly client: TestClient;
  readonly folder: string;
  readonly workspace: string;
  readonly inWorkspace: { readonly workingDirectory: string };
  readonly first: Json;
  readonly firstState: ReadonlyMap<string, EntryState>;
  readonly second: Json;
}

const prepared = share(async (): Promise<Made> => {
  const { folder, client, workspace: make } = await bench();
  const workspace = await make('project', {
    'README.md': 'read me\n',
    'src/main.ts': 'one\n',
    'src/deep/er/file.txt': 'deep\n',
    '.gitignore': 'build/\n',
    'build/out.js': 'left out\n',
  });
  await mkdir(join(workspace, 'empty'));
  await symlink('src/main.ts', join(workspace, 'link'));
  await chmod(join(workspace, 'src/main.ts'), 0o750);
  await utimes(join(workspace, 'README.md'), 1_600_000_000.5, 1_600_000_000.25);
  const firstState = await readTreeState(workspace, { leaveOut: (path) => path === 'build' });
  const first = await client.json(['push', workspace, '--message', 'the first']);
  await writeFile(join(workspace, 'src/main.ts'), 'two\n');
  await rename(join(workspace, 'README.md'), join(workspace, 'READ.md'));
  await rm(join(workspace, 'src/deep'), { recursive: true });
  const inWorkspace = { workingDirectory: workspace };
  const second = await client.json(['push'], inWorkspace);
  return { client, folder, workspace, inWorkspace, first, firstState, second };
});

test('the first push answers with an acknowledged snapshot', async () => {
  const { first } = await prepared();
  assert.match(first.snapshot, hex64);
  const { seq, filesNew, filesChanged, filesDeleted, warnings, unchanged, queued } = first;
  assert.deepEqual({ filesNew, filesChanged, filesDeleted, warnings, unchanged, queued }, { filesNew: 4, filesChanged: 0, filesDeleted: 0, warnings: [], unchanged: false, queued: false });
  assert.ok(seq >= 1 && first.bytesRead > 0 && first.bytesSent > 0);
});

test('a change costs what changed', async () => {
  const { second } = await prepared();
  assert.deepEqual([second.filesNew, second.filesChanged, second.filesDeleted], [1, 1, 2]);
  assert.ok(second.bytesSent < 3_000, `${second.bytesSent}`);
});

test('an unchanged folder makes no snapshot and names the existing one', async () => {
  const { client, inWorkspace, second } = await prepared();
  const again = await client.json(['push'], inWorkspace);
  assert.deepEqual([again.snapshot, again.unchanged, again.bytesSent], [second.snapshot, true, 0]);
  const forced = await client.json(['push', '--force'], inWorkspace);
  assert.deepEqual([forced.snapshot, forced.unchanged], [second.snapshot, true]);
  assert.ok(forced.bytesRead > 0, 'everything was read again');
  assert.match((await client.run(['push'], inWorkspace)).stdout.toString(), /unchanged/);
});

test('a dry run says what would be done and does nothing', async () => {
  const { client, workspace, inWorkspace } = await prepared();
  await writeFile(join(workspace, 'dry.txt'), 'dry');
  const dry = await client.json(['push', '--dry-run'], inWorkspace);
  assert.deepEqual([dry.dryRun, dry.filesNew], [true, 1]);
  await rm(join(workspace, 'dry.txt'));
  const { snapshots } = await client.json(['snapshots'], inWorkspace);
  assert.equal(snapshots.length, 2);
});

test('snapshots lists the newest first, with messages, pages and limits', async () => {
  const { client, workspace, inWorkspace, first, second } = await prepared();
  const { workspace: named, snapshots } = await client.json(['snapshots'], inWorkspace);
  assert.equal(named.name, 'project');
  assert.deepEqual(snapshots.map((each: { snapshot: string }) => each.snapshot), [second.snapshot, first.snapshot]);
  assert.equal(snapshots[1].message, 'the first');
  assert.equal(snapshots[1].trigger, 'manual');
  const before = await client.json(['snapshots', workspace, '--before', second.snapshot.slice(0, 10), '--limit', '5']);
  assert.deepEqual(before.snapshots.map((each: { snapshot: string }) => each.snapshot), [first.snapshot]);
});

test('ls shows a folder, everything beneath, or one file', async () => {
  const { client, inWorkspace, first } = await prepared();
  const top = await client.json(['ls', 'latest'], inWorkspace);
  assert.deepEqual(pathsOf(top), ['.gitignore', 'READ.md', 'empty', 'link', 'src']);
  const all = await client.json(['ls', first.snapshot.slice(0, 8), '--recursive']);
  assert.ok(pathsOf(all).includes('src/deep/er/file.txt'));
  const [file] = (await client.json(['ls', `${first.snapshot}:src/main.ts`])).entries;
  assert.deepEqual([file.kind, file.size, file.mode], ['file', 4, 0o750]);
  const link = top.entries.find((each: { path: string }) => each.path === 'link');
  assert.deepEqual([link.kind, link.target], ['symlink', 'src/main.ts']);
  assert.equal((await client.json(['ls', 'latest:nowhere'], { ...inWorkspace, code: 1 })).error.code, 'not-found');
});

test('cat writes the bytes of a file', async () => {
  const { client, inWorkspace, first } = await prepared();
  assert.equal((await client.run(['cat', `${first.snapshot}:src/main.ts`])).stdout.toString(), 'one\n');
  const json = await client.json(['cat', 'latest:src/main.ts'], inWorkspace);
  assert.deepEqual([json.encoding, json.content], ['utf8', 'two\n']);
  assert.equal((await client.json(['cat', 'latest:src'], { ...inWorkspace, code: 1 })).error.code, 'invalid');
});

test('history follows one path, from a working directory or by workspace', async () => {
  const { client, workspace, inWorkspace, first, second } = await prepared();
  const { versions } = await client.json(['history', 'main.ts'], { workingDirectory: join(workspace, 'src') });
  assert.deepEqual(versions.map((each: { snapshot: string; change: string }) => [each.snapshot, each.change]), [
    [second.snapshot, 'modify'],
    [first.snapshot, 'add'],
  ]);
  const moved = await client.json(['history', 'READ.md', '--workspace', 'project']);
  assert.deepEqual(moved.versions.map((each: { change: string }) => each.change), ['moved', 'add']);
  assert.equal(moved.versions[0].from, 'README.md');
  const deleted = await client.json(['history', 'src/deep/er/file.txt'], inWorkspace);
  assert.deepEqual(deleted.versions.map((each: { change: string }) => each.change), ['delete', 'add']);
});

test('diff compares two snapshots, or one with the folder as it is', async () => {
  const { client, workspace, inWorkspace, first, second } = await prepared();
  const kinds = ({ changes }: { changes?: readonly { kind: string; path: string }[] }): readonly string[] => changes!.map(({ kind, path }) => `${kind} ${path}`);
  const between = await client.json(['diff', first.snapshot, second.snapshot], inWorkspace);
  assert.deepEqual(kinds(between), ['add READ.md', 'delete README.md', 'delete src/deep', 'delete src/deep/er', 'delete src/deep/er/file.txt', 'modify src/main.ts']);
  assert.deepEqual(kinds(await client.json(['diff', 'latest'], inWorkspace)), []);
  await writeFile(join(workspace, 'fresh.txt'), 'fresh');
  const now = await client.json(['diff', 'latest'], inWorkspace);
  assert.deepEqual([now.to, kinds(now)], [null, ['add fresh.txt']]);
  await rm(join(workspace, 'fresh.txt'));
});

test('why names the rule', async () => {
  const { client, folder, inWorkspace } = await prepared();
  const left = await client.json(['why', 'build/out.js'], inWorkspace);
  assert.equal(left.kept, false);
  assert.deepEqual(left.rule, { kind: 'file', source: '.gitignore', line: 1, pattern: 'build/' });
  assert.equal((await client.json(['why', 'src/main.ts'], inWorkspace)).kept, true);
  assert.equal((await client.json(['why', folder])).kept, false);
});

test('a restore beside brings everything back and replaces nothing', async () => {
  const { client, folder, first, firstState } = await prepared();
  const target = join(folder, 'beside');
  const dry = await client.json(['restore', first.snapshot, '--to', target, '--dry-run']);
  assert.deepEqual([dry.dryRun, dry.files], [true, 4]);
  await client.json(['restore', first.snapshot, '--to', target]);
  assertSameTree(await readTreeState(target), firstState);
  await writeFile(join(target, 'src/main.ts'), 'mine\n');
  const again = await client.json(['restore', first.snapshot, '--to', target], { code: 5 });
  assert.deepEqual(again.refused.map((each: { path: string }) => each.path), ['src/main.ts']);
  assert.equal(await readFile(join(target, 'src/main.ts'), 'utf8'), 'mine\n');
  const one = join(folder, 'one');
  await client.json(['restore', `${first.snapshot}:src/deep`, '--to', one]);
  assert.equal(await readFile(join(one, 'er/file.txt'), 'utf8'), 'deep\n');
});

test('verify and inspect read what is stored', async () => {
  const { client, inWorkspace, first } = await prepared();
  const verified = await client.json(['verify', '--read-data'], inWorkspace);
  assert.deepEqual([verified.ok, verified.problems], [true, []]);
  const shown = await client.json(['inspect', first.snapshot.slice(0, 10)]);
  assert.deepEqual([shown.kind, shown.details.message], ['snapshot', 'the first']);
  const tree = await client.json(['inspect', shown.header.root]);
  assert.deepEqual(tree.entries.map((each: { path: string }) => each.path), ['.gitignore', 'README.md', 'empty', 'link', 'src']);
});

test('names that mean nothing are not found', async () => {
  const { client, folder } = await prepared();
  assert.equal((await client.json(['ls', 'ffff'], { code: 1 })).error.code, 'not-found');
  assert.equal((await client.json(['snapshots', '--workspace', 'none'], { code: 1 })).error.code, 'not-found');
  assert.equal((await client.json(['snapshots'], { code: 1 })).error.code, 'not-found');
  assert.equal((await client.json(['push', join(folder, 'none')], { code: 1 })).error.code, 'not-found');
});

function pathsOf(document: { readonly entries?: readonly { readonly path: string }[] }): readonly string[] {
  return document.entries!.map(({ path }) => path);
}
