import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackupError } from '../../../base/errors.ts';
import { nodeFiles } from '../../platform/nodeFiles.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';

test('a push commits a partial state now and then, which is never the latest, and a whole one at the end', async (t) => {
  const world = await FolderWorld.create(t);
  for (let i = 0; i < 12; i++) await world.folder.write(`dir${i % 3}/file${i}`, world.context.random.bytes(100_000));
  const engine = await world.engine({ limits: { checkpointMs: 0 } });
  const report = await world.push(engine);
  const snapshots = world.snapshots();
  assert.ok(snapshots.length > 5, `${snapshots.length} snapshots`);
  for (const { header, id } of snapshots) {
    assert.equal(header.partial, id !== report.snapshot);
    assert.equal(header.trigger, header.partial ? 'checkpoint' : 'manual');
    await world.stored(header);
  }
  const sizes = await Promise.all(snapshots.map(async ({ header }) => Object.keys(await world.stored(header)).length));
  assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b));
  assert.equal(sizes.at(-1), 15);
  const [workspace] = await world.network.repository.workspaces(world);
  assert.equal(workspace?.latest?.snapshot, report.snapshot);
  assert.equal(report.filesNew, 12);
  assert.equal(snapshots.at(-1)!.details.counts.filesNew, 12);
});

test('a push that dies after a checkpoint is finished by the next, which reads and sends only the rest', async (t) => {
  const world = await FolderWorld.create(t);
  for (let i = 0; i < 10; i++) await world.folder.write(`file${i}`, world.context.random.bytes(100_000));
  await new Promise((resolve) => setTimeout(resolve, 80));
  let reads = 0;
  const files = {
    ...nodeFiles,
    async readWhole(path, bytesMax) {
      if (path.includes('/file') && ++reads > 6) throw new Error('killed');
      return await nodeFiles.readWhole(path, bytesMax);
    },
  } satisfies typeof nodeFiles;
  await assert.rejects(world.push(await world.engine({ files, limits: { checkpointMs: 0 } })), /killed/);
  const report = await world.push(await world.engine());
  assert.equal(report.outcome, 'acknowledged');
  assert.ok(report.bytesRead <= 500_000, `${report.bytesRead} bytes were read`);
  assert.ok(report.bytesSent <= 500_000, `${report.bytesSent} bytes were sent`);
  const newest = world.snapshots().at(-1)!;
  assert.equal(newest.header.partial, false);
  assert.equal(Object.keys(await world.stored(newest.header)).length, 10);
});

test('when all that is left after a checkpoint is to say that it is whole, that is said', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a');
  const engine = await world.engine({ limits: { checkpointMs: 0 } });
  await world.push(engine);
  const [first, second] = world.snapshots();
  assert.deepEqual([first?.header.partial, second?.header.partial], [true, false]);
  assert.equal(first?.header.root, second?.header.root);
});

test('what is too large for the way to the server goes in smaller packs', async (t) => {
  for (const bytesMax of [5_000_000, 2_300_000]) {
    const world = await FolderWorld.create(t);
    for (let i = 0; i < 6; i++) await world.folder.write(`file${i}`, world.context.random.bytes(900_000));
    const refuse = (bytes: number): void => {
      if (bytes > bytesMax) throw new BackupError('limit', 'Too large.');
    };
    const inner = world.network.repository;
    const repository = {
      ...inner,
      putPack: async (...given: Parameters<typeof inner.putPack>) => (refuse(given[0].bytes.length), await inner.putPack(...given)),
      commit: async (...given: Parameters<typeof inner.commit>) => (refuse(given[0].pack?.bytes.length ?? 0), await inner.commit(...given)),
    };
    const report = await world.push(await world.engine({ repository }));
    assert.equal(report.outcome, 'acknowledged');
    assert.equal(Object.keys(await world.stored(world.snapshots().at(-1)!.header)).length, 6);
  }
});

test('a refusal that has nothing to do with size is passed on, and what was captured waits', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a');
  const full = new BackupError('limit', 'The quota is used up.');
  world.network.plan = (call) => (call === 'commit' || call === 'putPack' ? full : 'none');
  const engine = await world.engine();
  await assert.rejects(world.push(engine), full);
  world.network.heal();
  assert.equal((await world.push(engine)).outcome, 'acknowledged');
  assert.equal(world.snapshots().length, 1);
});

test('a large file that grows at its end is sent in part only', async (t) => {
  const world = await FolderWorld.create(t);
  const content = world.context.random.bytes(12_000_000);
  await world.folder.write('big', content);
  const engine = await world.engine();
  await world.push(engine);
  await world.folder.write('big', Buffer.concat([content, world.context.random.bytes(1_000)]));
  const report = await world.save(engine, 'big');
  assert.ok(report.bytesSent < 3_000_000, `${report.bytesSent} bytes were sent`);
  assert.equal((await world.stored(world.snapshots().at(-1)!.header))['big']?.length, 12_001_000);
});

test('content that the account has elsewhere is not sent again', async (t) => {
  const world = await FolderWorld.create(t);
  const content = world.context.random.bytes(3_000_000);
  await world.folder.write('a', content);
  const engine = await world.engine();
  await world.push(engine);
  await world.folder.write('copy', content);
  const report = await world.save(engine, 'copy');
  assert.ok(report.bytesSent < 10_000, `${report.bytesSent} bytes were sent`);
});

test('a gap that the server made and nobody can fill is left out with a warning, and blocks nothing', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('gone', 'gone');
  await world.folder.write('a', '1');
  await world.push(await world.engine({ limits: { sentBytesMax: 0 } }));
  const account = world.server.account(world.account);
  account.objects.clear();
  await world.folder.write('a', '2');
  const files = {
    ...nodeFiles,
    async readWhole(path, bytesMax) {
      if (path.endsWith('/gone')) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      return await nodeFiles.readWhole(path, bytesMax);
    },
  } satisfies typeof nodeFiles;
  const report = await world.push(await world.engine({ files }));
  assert.equal(report.outcome, 'acknowledged');
  assert.deepEqual(report.warnings.map(({ path, kind }) => `${kind} ${path}`), ['gone-on-server gone']);
  assert.deepEqual(await world.stored(world.snapshots().at(-1)!.header), { a: '2' });
});
