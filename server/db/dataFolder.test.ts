import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../engine/platform/clock.ts';
import { silentLog } from '../../engine/platform/log.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import type { WorkspaceId } from '../../protocol/ids.ts';
import type { OpenOptions } from '../openServerCore.ts';
import { checkData, openAccountStore, openServerCore } from '../openServerCore.ts';
import { ownDataFolder, prepareDataFolder } from './dataFolder.ts';
import { openDatabase } from './openDatabase.ts';

const primitives = createPrimitives();
const { signal } = new AbortController();

describe('a data folder', () => {
  let parent: string;
  let options: OpenOptions;
  const pathOf = (name: string): string => join(options.dataDirectory, name);

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'holdfast-data-'));
    options = { dataDirectory: join(parent, 'a', 'data'), primitives, clock: systemClock, log: silentLog };
  });
  afterEach(() => rm(parent, { recursive: true }));

  test('is made once and then always the same', async () => {
    const first = await prepareDataFolder(options.dataDirectory, primitives);
    const second = await prepareDataFolder(options.dataDirectory, primitives);
    assert.deepEqual([first.instance, first.masterKey], [second.instance, second.masterKey]);
    assert.deepEqual((await readdir(options.dataDirectory)).filter((name) => name.startsWith('master')), ['master.key']);
  });

  test('is made by two at the same time as one', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => prepareDataFolder(options.dataDirectory, primitives)));
    assert.deepEqual([first?.instance, first?.masterKey], [second?.instance, second?.masterKey]);
  });

  test('is for its owner alone', { skip: process.platform === 'win32' }, async () => {
    await prepareDataFolder(options.dataDirectory, primitives);
    assert.equal((await stat(options.dataDirectory)).mode & 0o777, 0o700);
    for (const name of ['master.key', 'holdfast.sqlite']) assert.equal((await stat(pathOf(name))).mode & 0o777, 0o600, name);
  });

  test('without its key is refused with the way out, and nothing is made in its place', async () => {
    await (await openServerCore(options)).close();
    await copyFile(pathOf('master.key'), join(parent, 'kept'));
    await rm(pathOf('master.key'));
    for (const open of [openServerCore, openAccountStore]) {
      await assert.rejects(open(options), (error: Error) => {
        assert.match(error.message, /master\.key.* is missing.*put the file back/);
        return 'code' in error && error.code === 'not-found';
      });
    }
    assert.ok(!(await readdir(options.dataDirectory)).includes('master.key'));
    await copyFile(join(parent, 'kept'), pathOf('master.key'));
    await (await openServerCore(options)).close();
  });

  test('with another key is refused', async () => {
    await (await openServerCore(options)).close();
    for (const wrong of [primitives.random.bytes(32), primitives.random.bytes(31), new Uint8Array(0)]) {
      await writeFile(pathOf('master.key'), wrong);
      await assert.rejects(openServerCore(options), { code: 'corrupt' });
      await assert.rejects(checkData({ ...options, signal }).next(), { code: 'corrupt' });
    }
  });

  test('of a newer version is refused', async () => {
    await prepareDataFolder(options.dataDirectory, primitives);
    const database = await openDatabase(pathOf('holdfast.sqlite'));
    database.exec("insert into kysely_migration (name, timestamp) values ('9999-later', '')");
    database.close();
    await assert.rejects(openServerCore(options), { code: 'invalid' });
  });

  test('has one server; accounts and check beside it work', async () => {
    const core = await openServerCore(options);
    await assert.rejects(openServerCore(options), { code: 'conflict' });
    const accounts = await openAccountStore(options);
    const made = await accounts.create({ name: 'me', passwordHash: 'x' });
    assert.equal((await core.accounts.findByName('me'))?.id, made.id);
    // Writes of the one and of the other wait for each other.
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    await Promise.all(names.map((name, i) => (i % 2 === 0 ? accounts : core.accounts).create({ name, passwordHash: '' })));
    assert.equal((await accounts.list()).length, 41);
    for await (const finding of checkData({ ...options, signal })) assert.notEqual(finding.kind, 'problem');
    await accounts.close();
    await core.close();
    await (await openServerCore(options)).close();
  });

  test('is free again when a start fails', async () => {
    const { paths } = await prepareDataFolder(options.dataDirectory, primitives);
    await writeFile(paths.volumes, 'in the way');
    await assert.rejects(openServerCore(options));
    ownDataFolder(paths).dispose();
    await rm(paths.volumes);
    await (await openServerCore(options)).close();
  });

  test('that does not exist is not made by check', async () => {
    await assert.rejects(checkData({ ...options, signal }).next(), { code: 'not-found' });
    assert.deepEqual(await readdir(parent), []);
  });

  test('is one file and its volumes after a stop: no log is left beside the database', async () => {
    const core = await openServerCore(options);
    await core.accounts.create({ name: 'me', passwordHash: '' });
    await core.close();
    const names = await readdir(options.dataDirectory);
    assert.deepEqual(names.filter((name) => name.startsWith('holdfast')), ['holdfast.sqlite']);
  });

  test('keeps everything over a restart, the ring included', async () => {
    let core = await openServerCore(options);
    const { id: account } = await core.accounts.create({ name: 'me', passwordHash: 'hash', quotaBytes: 5 });
    const tokenHash = primitives.random.bytes(32);
    const { id: device } = await core.accounts.createDevice({ account, name: 'laptop', tokenHash });
    const ring = primitives.random.bytes(100);
    await core.accountRepository({ account, device }).createRing(ring, { signal });
    await core.accountRepository({ account, device }).createWorkspace({ id: '1'.repeat(32) as WorkspaceId, name: 'w' }, { signal });
    await core.close();
    core = await openServerCore(options);
    const login = await core.accounts.findDeviceByTokenHash(tokenHash);
    assert.deepEqual([login?.device.id, login?.account.id, login?.account.quotaBytes], [device, account, 5]);
    const stored = await core.accountRepository({ account, device }).getRing({ signal });
    assert.deepEqual(Buffer.from(stored!.bytes), Buffer.from(ring));
    await core.close();
    await assert.rejects(core.accounts.list(), { code: 'unavailable' });
  });
});
