import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { DiskFolder } from '../../testing/diskFolder.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';
import { memoryStateFolder } from '../../testing/memoryStateFolder.ts';

function forget(world: FolderWorld): void {
  world.state.files.clear();
  world.outbox.files.clear();
}

/** Takes objects away from the server as if a disk had lost them. */
function lose(world: FolderWorld, ids: Iterable<ObjectId>): void {
  const account = world.server.account(world.account);
  for (const id of ids) account.objects.delete(id);
  for (const object of account.objects.values()) object.closed = false;
}

test('lost local state is found again by where the folder is, and almost nothing is sent', async (t) => {
  const world = await FolderWorld.create(t);
  for (let i = 0; i < 50; i++) await world.folder.write(`dir${i % 5}/file${i}`, `content ${i} `.repeat(200));
  const first = await world.push(await world.engine());
  forget(world);
  const engine = await world.engine();
  const again = await world.push(engine);
  assert.deepEqual([again.outcome, again.snapshot, again.seq, again.bytesSent], ['unchanged', first.snapshot, first.seq, 0]);
  await world.folder.write('dir1/new', 'new');
  const next = await world.save(engine, 'dir1/new');
  assert.ok(next.bytesSent < 3_000, `${next.bytesSent} bytes are almost nothing`);
  const [one, two] = world.snapshots();
  assert.deepEqual([two!.header.lane, two!.header.prev, two!.header.n], [one!.header.lane, one!.id, 2]);
});

test('a second folder of the same name makes a workspace of its own and says so', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'one');
  const first = await world.push(await world.engine());
  const folder = await DiskFolder.create(t);
  await folder.write('a', 'two');
  const other = await world.engine({ folder, state: memoryStateFolder(), outbox: memoryStateFolder() });
  const second = await world.push(other);
  assert.notEqual(second.workspace, first.workspace);
  assert.equal(second.workspaceName, 'project-2');
});

test('another device of the same folder starts a lane from the newest one, in the same workspace', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'one '.repeat(1_000));
  const first = await world.push(await world.engine());
  const device = world.newId<typeof world.device>();
  const engine = await world.engine({ device, state: memoryStateFolder(), outbox: memoryStateFolder() });
  const second = await world.push(engine);
  assert.deepEqual([second.outcome, second.workspace], ['acknowledged', first.workspace]);
  const newest = world.snapshots().at(-1)!;
  assert.deepEqual([newest.header.parents, newest.header.prev, newest.header.n], [[first.snapshot], undefined, 1]);
  assert.equal(second.bytesSent, 0);
});

test('the server went back in time: the push says so, the next one uploads everything in a new lane', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  const engine = await world.engine({ limits: { sentBytesMax: 0 } });
  await world.push(engine);
  const backup = world.server.copy();
  for (const text of ['1', '2', '3']) {
    await world.folder.write('a', text);
    await world.save(engine, 'a');
  }
  world.server.restore(backup);
  await world.folder.write('a', '4');
  await assert.rejects(world.save(engine, 'a'), (error) => isBackupError(error, 'conflict'));
  const report = await world.save(engine, 'a');
  assert.equal(report.outcome, 'acknowledged');
  const snapshots = world.snapshots();
  const newest = snapshots.at(-1)!;
  assert.notEqual(newest.header.lane, snapshots[0]!.header.lane);
  assert.equal(snapshots.find(({ header }) => header.lane === newest.header.lane)?.header.parents[0], snapshots[0]!.id);
  assert.deepEqual(await world.stored(newest.header), { a: '4' });
});

test('the server lost the newest states only: they are sent again from what was kept', async (t) => {
  for (const options of [{}, { instance: 'same' } as const]) {
    const world = await FolderWorld.create(t);
    await world.folder.write('a', '0');
    const engine = await world.engine();
    await world.push(engine);
    const backup = world.server.copy();
    for (const text of ['1', '2']) {
      await world.folder.write('a', text);
      await world.save(engine, 'a');
    }
    world.server.restore(backup, options);
    await world.folder.write('a', '3');
    const report = await world.save(engine, 'a');
    assert.equal(report.outcome, 'acknowledged');
    const all = await Promise.all(world.snapshots().map(async ({ header }) => (await world.stored(header))['a']));
    assert.deepEqual(all, ['0', '1', '2', '3']);
    assert.equal(new Set(world.snapshots().map(({ header }) => header.lane)).size, 1);
  }
});

test('the server lost everything: it is told apart, and all is uploaded again', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  await world.folder.write('b', 'b');
  const empty = world.server.copy();
  const engine = await world.engine({ limits: { sentBytesMax: 0 } });
  await world.push(engine);
  world.server.restore(empty);
  await world.folder.write('a', '1');
  await assert.rejects(world.save(engine, 'a'), (error) => isBackupError(error, 'conflict'));
  assert.equal((await world.save(engine, 'a')).outcome, 'acknowledged');
  assert.deepEqual(await world.stored(world.snapshots().at(-1)!.header), { a: '1', b: 'b' });
});

test('somebody else advanced the lane: that is a fork, and never overwritten', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  await world.push(await world.engine());
  const [stateCopy, outboxCopy] = [new Map(world.state.files), new Map(world.outbox.files)];
  await world.folder.write('a', '1');
  await world.push(await world.engine());
  const clone = await world.engine({ state: memoryStateFolder(stateCopy), outbox: memoryStateFolder(outboxCopy) });
  await world.folder.write('a', '2');
  await assert.rejects(world.push(clone), (error) => isBackupError(error, 'conflict'));
  assert.equal((await world.push(clone)).outcome, 'acknowledged');
  const all = await Promise.all(world.snapshots().map(async ({ header }) => (await world.stored(header))['a']));
  assert.deepEqual([all.slice(0, 2), all.at(-1)], [['0', '1'], '2']);
});

test('objects that the server lost are read again and sent; what cannot be read is a gap that is said', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a');
  await world.folder.write('dir/b', 'b');
  await world.folder.write('dir/c', 'c');
  const engine = await world.engine({ limits: { sentBytesMax: 0 } });
  await world.push(engine);
  lose(world, world.server.account(world.account).objects.keys());
  await world.folder.write('a', 'changed');
  const report = await world.save(engine, 'a');
  assert.equal(report.outcome, 'acknowledged');
  assert.deepEqual(await world.stored(world.snapshots().at(-1)!.header), { a: 'changed', 'dir/': '', 'dir/b': 'b', 'dir/c': 'c' });
});
