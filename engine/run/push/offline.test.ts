import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import { BackupError } from '../../../base/errors.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';

async function contents(world: FolderWorld): Promise<readonly (string | undefined)[]> {
  const all: (string | undefined)[] = [];
  for (const { header } of world.snapshots()) all.push((await world.stored(header))['a']);
  return all;
}

test('what is pushed while the server is away waits, and arrives in order', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  const engine = await world.engine();
  await world.push(engine);
  world.network.cut();
  for (const text of ['1', '2', '3']) {
    await world.folder.write('a', text);
    const report = await world.save(engine, 'a');
    assert.deepEqual([report.outcome, report.seq, report.error?.code], ['queued', undefined, 'unavailable']);
  }
  assert.equal(engine.waiting, 3);
  world.network.heal();
  await world.folder.write('a', '4');
  assert.equal((await world.save(engine, 'a')).outcome, 'acknowledged');
  assert.deepEqual(await contents(world), ['0', '1', '2', '3', '4']);
  assert.equal(engine.waiting, 0);
});

test('what waits survives the process and is sent by the next one', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  await world.push(await world.engine());
  world.network.cut();
  const first = await world.engine();
  await world.folder.write('a', '1');
  const queued = await world.push(first);
  const second = await world.engine();
  assert.equal(second.waiting, 1);
  assert.equal(second.tip?.id, queued.snapshot);
  world.network.heal();
  assert.equal(await second.drain(world), true);
  assert.deepEqual(await contents(world), ['0', '1']);
  const report = await world.push(second);
  assert.deepEqual([report.outcome, report.snapshot], ['unchanged', queued.snapshot]);
});

test('a folder that the server has never heard of can be backed up while it is away', async (t) => {
  const world = await FolderWorld.create(t);
  world.network.cut();
  await world.folder.write('a', '0');
  const engine = await world.engine();
  assert.equal((await world.push(engine)).outcome, 'queued');
  await world.folder.write('a', '1');
  assert.equal((await world.save(engine, 'a')).outcome, 'queued');
  world.network.heal();
  assert.equal(await (await world.engine()).drain(world), true);
  assert.deepEqual(await contents(world), ['0', '1']);
});

test('a folder captured while the server is away goes on where its lane is, when local state was lost', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  const before = await world.push(await world.engine());
  world.state.files.clear();
  world.outbox.files.clear();
  world.network.cut();
  await world.folder.write('a', '1');
  assert.equal((await world.push(await world.engine())).outcome, 'queued');
  world.network.heal();
  assert.equal(await (await world.engine()).drain(world), true);
  const [first, second] = world.snapshots();
  assert.deepEqual([second!.header.prev, second!.header.lane, second!.header.workspace], [before.snapshot, first!.header.lane, before.workspace]);
  assert.deepEqual(await contents(world), ['0', '1']);
});

test('a big push goes to the outbox when the server goes away in the middle', async (t) => {
  const world = await FolderWorld.create(t);
  const big = world.context.random.bytes(60_000_000);
  await world.folder.write('big', big);
  const engine = await world.engine();
  world.network.plan = (call, count) => (call === 'putPack' && count >= 2 ? 'lost' : call === 'commit' ? 'lost' : 'none');
  const report = await world.push(engine);
  assert.equal(report.outcome, 'queued');
  world.network.heal();
  assert.equal(await (await world.engine()).drain(world), true);
  const [snapshot] = world.snapshots();
  assert.equal((await world.stored(snapshot!.header))['big'], Buffer.from(big).toString('latin1'));
});

test('a lost reply is no loss and no second snapshot', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  const engine = await world.engine();
  await world.push(engine);
  world.network.plan = (call) => (call === 'commit' ? 'unanswered' : 'none');
  await world.folder.write('a', '1');
  const queued = await world.save(engine, 'a');
  assert.equal(queued.outcome, 'queued');
  await world.folder.write('a', '2');
  assert.equal((await world.save(engine, 'a')).outcome, 'queued');
  world.network.heal();
  assert.equal(await (await world.engine()).drain(world), true);
  assert.deepEqual(await contents(world), ['0', '1', '2']);
});

test('an outbox that fills up folds its oldest states and keeps the newest and the labelled', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  const engine = await world.engine({ limits: { outboxBytesMax: 200_000 } });
  await world.push(engine);
  world.network.cut();
  for (let i = 1; i <= 40; i++) {
    await world.folder.write('a', `${i} ${Buffer.from(world.context.random.bytes(12_000)).toString('latin1')}`);
    await world.push(engine, { dirty: new Set(['a'] as never[]), trigger: 'save', message: i === 7 ? 'seven' : undefined });
  }
  assert.ok(engine.waiting < 30, `${engine.waiting} wait`);
  const newest = await fs.readFile(world.folder.at('a'), 'utf8');
  world.network.heal();
  assert.equal(await engine.drain(world), true);
  const snapshots = world.snapshots();
  assert.ok(snapshots.some(({ details }) => details.message === 'seven'));
  for (const { header } of snapshots) await world.stored(header);
  const stored = Buffer.from((await world.stored(snapshots.at(-1)!.header))['a']!, 'latin1').toString('utf8');
  assert.equal(stored, newest);
  assert.deepEqual(snapshots.map(({ header }) => header.n), snapshots.map((_, i) => i + 1));
  assert.equal((await world.push(engine)).outcome, 'unchanged');
});

test('a push that is stopped throws what stopped it, and the next one goes on', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  const engine = await world.engine();
  const stop = new AbortController();
  const reason = new BackupError('cancelled', 'Stopped.');
  world.network.plan = (call) => {
    if (call === 'commit') stop.abort(reason);
    return call === 'commit' ? 'lost' : 'none';
  };
  await assert.rejects(world.push(engine, { signal: stop.signal }), (error) => error === reason);
  world.network.heal();
  assert.notEqual((await world.push(engine)).outcome, 'queued');
  assert.deepEqual(await contents(world), ['0']);
});

test('a full disk fails the push and says so; when there is room again it goes on', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  await world.push(await world.engine());
  let full = true;
  const outbox = {
    ...world.outbox,
    async replace(name: string, bytes: Uint8Array) {
      if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      await world.outbox.replace(name, bytes);
    },
  };
  const engine = await world.engine({ outbox });
  await world.folder.write('a', '1');
  await assert.rejects(world.save(engine, 'a'), { code: 'limit' });
  full = false;
  await world.folder.write('b', 'b');
  assert.equal((await world.save(engine, 'b')).outcome, 'acknowledged');
  assert.deepEqual(await contents(world), ['0', '1']);
});

test('an index that cannot be written costs the next process a scan, nothing else', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '0');
  await world.push(await world.engine());
  const broken = async (): Promise<void> => {
    throw Object.assign(new Error('input/output error'), { code: 'EIO' });
  };
  const state = { ...world.state, append: broken, replace: async (name: string, bytes: Uint8Array) => await (name === 'index' ? broken() : world.state.replace(name, bytes)) };
  const engine = await world.engine({ state });
  for (const text of ['1', '2']) {
    await world.folder.write('a', text);
    assert.equal((await world.save(engine, 'a')).outcome, 'acknowledged');
  }
  const next = await world.engine();
  await world.folder.write('b', 'b');
  assert.equal((await world.save(next, 'b')).outcome, 'acknowledged');
  assert.deepEqual(await contents(world), ['0', '1', '2', '2']);
  assert.equal((await world.push(next)).outcome, 'unchanged');
});
