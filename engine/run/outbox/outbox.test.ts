import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import { decodeOutboxItem } from '../../core/sync/outboxItem.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';
import { memoryStateFolder } from '../../testing/memoryStateFolder.ts';

function itemNames(world: FolderWorld): readonly string[] {
  return [...world.outbox.files.keys()].filter((name) => name.startsWith('item-')).toSorted();
}

/** A folder whose states 1, 2 and 3 wait. */
async function waitingWorld(t: { after(run: () => Promise<void>): void }): Promise<FolderWorld> {
  const world = await FolderWorld.create(t);
  const engine = await world.engine({ limits: { sentBytesMax: 0 } });
  await world.folder.write('a', '0');
  await world.push(engine);
  world.network.cut();
  for (const text of ['1', '2', '3']) {
    await world.folder.write('a', text);
    await world.folder.write(`only-in-${text}`, text);
    await world.push(engine);
    await fs.rm(world.folder.at(`only-in-${text}`));
  }
  world.network.heal();
  return world;
}

test('an item that is cut anywhere or damaged is recognised', async (t) => {
  const world = await waitingWorld(t);
  const bytes = world.outbox.files.get(itemNames(world).at(-1)!)!;
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeOutboxItem(bytes.subarray(0, length), world.context.hasher), (error) => isBackupError(error));
  }
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = bytes.slice();
    damaged[at]! ^= 0x10;
    assert.throws(() => decodeOutboxItem(damaged, world.context.hasher), (error) => isBackupError(error, 'corrupt'));
  }
});

test('a torn last item is dropped cleanly: what waits before it arrives, and the newest state is captured again', async (t) => {
  const world = await waitingWorld(t);
  const [saved, last] = [new Map(world.outbox.files), itemNames(world).at(-1)!];
  const [state, server] = [new Map(world.state.files), world.server.copy()];
  const { length } = saved.get(last)!;
  for (const cut of [0, 1, 20, length >> 1, length - 1]) {
    world.server.restore(server, { instance: 'same' });
    const outbox = memoryStateFolder(new Map(saved));
    outbox.files.set(last, saved.get(last)!.subarray(0, cut));
    const engine = await world.engine({ outbox, state: memoryStateFolder(new Map(state)) });
    assert.equal(engine.waiting, 2);
    await world.push(engine);
    const contents = await Promise.all(world.snapshots().map(async ({ header }) => (await world.stored(header))['a']));
    assert.deepEqual(contents, ['0', '1', '2', '3'], `cut at ${cut}`);
  }
});

test('a damaged item in the middle costs that state only', async (t) => {
  const world = await waitingWorld(t);
  world.outbox.files.get(itemNames(world)[1]!)![100]! ^= 1;
  const engine = await world.engine();
  assert.equal(engine.waiting, 2);
  assert.equal(await engine.drain(world), true);
  const contents = await Promise.all(world.snapshots().map(async ({ header }) => (await world.stored(header))['a']));
  assert.deepEqual(contents, ['0', '1', '3']);
  assert.deepEqual(world.snapshots().map(({ header }) => header.n), [1, 2, 3]);
});

test('what is damaged of the rest of the state costs time, not data', async (t) => {
  for (const name of ['position.json', 'state.json', 'index', 'index-journal']) {
    for (const damage of [() => new Uint8Array(0), (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1), (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1)]) {
      const world = await waitingWorld(t);
      const folder = world.outbox.files.has(name) ? world.outbox : world.state;
      const bytes = folder.files.get(name);
      if (bytes === undefined) continue;
      folder.files.set(name, damage(bytes));
      const engine = await world.engine();
      const report = await world.push(engine);
      assert.ok(report.outcome === 'acknowledged' || report.outcome === 'unchanged', `${name}: ${report.outcome}`);
      assert.deepEqual(await world.stored(world.snapshots().at(-1)!.header), { a: '3' }, name);
      assert.equal(new Set(world.snapshots().map(({ header }) => header.lane)).size, 1, name);
    }
  }
});

test('acknowledged items are kept until the server has gathered them, within a bound', async (t) => {
  const world = await FolderWorld.create(t);
  const engine = await world.engine({ limits: { sentBytesMax: 6_000 } });
  for (let i = 0; i < 30; i++) {
    await world.folder.write('a', `${i}`);
    await world.push(engine);
  }
  const bytes = itemNames(world).reduce((sum, name) => sum + world.outbox.files.get(name)!.length, 0);
  assert.ok(bytes > 3_000 && bytes <= 6_000, `${bytes} bytes are kept`);
});
