import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import { FolderWorld } from '../testing/folderWorld.ts';

test('a first push stores the folder, names the workspace after it, and says everything is new', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a.txt', 'one');
  await world.folder.write('dir/b.txt', 'two');
  await fs.symlink('a.txt', world.folder.at('link'));
  const report = await world.push(await world.engine());
  assert.equal(report.outcome, 'acknowledged');
  assert.deepEqual([report.filesNew, report.filesChanged, report.filesDeleted], [2, 0, 0]);
  assert.equal(report.workspaceName, 'project');
  const [snapshot] = world.snapshots();
  assert.ok(snapshot);
  assert.equal(snapshot.id, report.snapshot);
  assert.deepEqual(await world.stored(snapshot.header), { 'a.txt': 'one', 'dir/': '', 'dir/b.txt': 'two', link: '-> a.txt' });
  const { counts } = snapshot.details;
  assert.deepEqual([counts.files, counts.directories, counts.symlinks, counts.bytes], [2, 1, 1, 6]);
});

test('a second push of the same folder makes no snapshot and no request', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a.txt', 'one');
  const engine = await world.engine();
  const first = await world.push(engine);
  world.network.reset();
  const second = await world.push(engine);
  assert.deepEqual([second.outcome, second.snapshot, second.seq], ['unchanged', first.snapshot, first.seq]);
  assert.equal(world.network.count, 0);
});

test('a save is one request', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a.txt', 'one');
  await world.folder.write('dir/b.txt', 'two');
  const engine = await world.engine();
  await world.push(engine);
  await world.folder.write('dir/b.txt', 'three');
  world.network.reset();
  const report = await world.save(engine, 'dir/b.txt');
  assert.equal(report.outcome, 'acknowledged');
  assert.deepEqual([report.filesNew, report.filesChanged, report.filesDeleted], [0, 1, 0]);
  assert.deepEqual([...world.network.calls].filter(([name]) => name !== 'instance'), [['commit', 1]]);
  const newest = world.snapshots().at(-1);
  assert.deepEqual(await world.stored(newest!.header), { 'a.txt': 'one', 'dir/': '', 'dir/b.txt': 'three' });
});
