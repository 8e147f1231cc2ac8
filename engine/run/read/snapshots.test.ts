import assert from 'node:assert/strict';
import test from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import { collect, TestWorkspace } from '../../testing/testWorkspace.ts';
import { findSnapshot, latestSnapshot, listSnapshots, parseSnapshotName, parseStoredPath, requireContent } from './snapshots.ts';
import type { SnapshotScope } from './snapshots.ts';

const { signal } = new AbortController();

async function scene(): Promise<{ readonly world: TestWorkspace; readonly scope: SnapshotScope }> {
  const world = await TestWorkspace.create();
  return { world, scope: { repository: world.repository, workspace: world.workspace, signal } };
}

await test('lists snapshots of all lanes, newest first, over many pages', async () => {
  const { world, scope } = await scene();
  const lanes = [world.lane, await world.newLane()];
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.unshift(await world.commit({ i: String(i) }, { lane: lanes[i % 2]! }));
  for (const pageSize of [1, 3, 100]) assert.deepEqual((await collect(listSnapshots(scope, { pageSize }))).map(({ id }) => id as string), ids);
});

await test('latest is the newest complete one, whichever lane it is of', async () => {
  const { world, scope } = await scene();
  assert.equal(await latestSnapshot(scope), undefined);
  await assert.rejects(findSnapshot('latest', scope), (error) => isBackupError(error, 'not-found'));
  await world.commit({ a: '1' });
  const second = await world.commit({ a: '2' }, { lane: await world.newLane() });
  await world.commit({ a: '3' }, { partial: true });
  assert.equal((await findSnapshot('latest', scope)).id, second);
});

await test('finds a snapshot by the start of its id, and says when that is none, ambiguous or no id at all', async () => {
  const { world, scope } = await scene();
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push(await world.commit({ i: String(i) }));
  for (const id of ids) {
    assert.equal((await findSnapshot(id, scope)).id, id);
    const short = [...id].map((_, i) => id.slice(0, i + 1)).find((prefix) => ids.filter((each) => each.startsWith(prefix)).length === 1)!;
    assert.equal((await findSnapshot(short, scope)).id, id);
    const long = short.slice(0, -1);
    if (long !== '') await assert.rejects(findSnapshot(long, scope), (error) => isBackupError(error, 'invalid') && /more of its id/.test(error.message));
  }
  await assert.rejects(findSnapshot('f'.repeat(64), scope), (error) => isBackupError(error, 'not-found'));
  for (const name of ['', 'LATEST', 'xyz', 'a'.repeat(65), '../x']) await assert.rejects(findSnapshot(name, scope), (error) => isBackupError(error, 'invalid'));
});

await test('says of a thinned snapshot that its content is gone', async () => {
  const { world, scope } = await scene();
  const id = await world.commit({ a: '1' });
  const { snapshots } = world.server.account(world.account);
  const stored = snapshots.get(id)!;
  snapshots.set(id, { ...stored, record: { ...stored.record, sealed: undefined } });
  const found = await findSnapshot(id, scope);
  assert.throws(() => requireContent(found), (error) => isBackupError(error, 'not-found'));
  assert.equal(await latestSnapshot(scope), undefined);
});

await test('takes SNAPSHOT:PATH apart', () => {
  assert.deepEqual(parseSnapshotName('abc'), { snapshot: 'abc', path: '' });
  assert.deepEqual(parseSnapshotName('latest:'), { snapshot: 'latest', path: '' });
  assert.deepEqual(parseSnapshotName('latest:/a//b/./c/'), { snapshot: 'latest', path: 'a/b/c' });
  assert.deepEqual(parseSnapshotName('abc:d:e/f'), { snapshot: 'abc', path: 'd:e/f' });
  assert.equal(parseStoredPath('ü'), Buffer.from('ü').toString('latin1'));
  for (const text of ['', ':a', 'x:../a', 'x:a/../..']) assert.throws(() => parseSnapshotName(text), (error) => isBackupError(error, 'invalid'));
});
