import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { silentLog } from '../../engine/platform/log.ts';
import { Dice } from '../../engine/testing/dice.ts';
import type { AccountId, DeviceId } from '../../protocol/ids.ts';
import { inlineStore } from '../db/inlineStore.ts';
import { openDatabase } from '../db/openDatabase.ts';
import { walkClosure } from './closure.ts';
import { GroupWriter } from './groupWriter.ts';
import type { WriteRequest } from './metadata.ts';
import { StoredAccounts } from './storedAccounts.ts';

describe('accounts', () => {
  let database: DatabaseSync;
  let accounts: StoredAccounts;
  let writer: GroupWriter;
  let now = 1_000_000;
  const written: WriteRequest[] = [];
  const nobody = 'ee'.repeat(16) as AccountId;

  beforeEach(async () => {
    database = await openDatabase(':memory:');
    const store = inlineStore(database, walkClosure);
    written.length = 0;
    writer = new GroupWriter({ ...store, commitBatch: (requests) => (written.push(...requests), store.commitBatch(requests)) });
    const clock = { now: () => now, sleep: () => assert.fail('unexpected call') };
    accounts = new StoredAccounts({ store, writer, clock, random: new Dice(1), log: silentLog });
  });
  afterEach(() => database.close());

  test('are found by name and id, with what was set', async () => {
    const made = await accounts.create({ name: 'Zoë', passwordHash: 'a', quotaBytes: 7 });
    assert.deepEqual(made, { id: made.id, name: 'Zoë', createdAt: now, disabled: false, quotaBytes: 7, usedBytes: 0 });
    await accounts.create({ name: 'Adam', passwordHash: 'b' });
    assert.deepEqual(await accounts.findByName('Zoë'), { ...made, passwordHash: 'a' });
    assert.equal(await accounts.findByName('zoë'), undefined);
    await accounts.setPasswordHash(made.id, 'c');
    await accounts.setQuota(made.id, undefined);
    const found = await accounts.find(made.id);
    assert.deepEqual([found?.passwordHash, found?.quotaBytes], ['c', undefined]);
    assert.deepEqual((await accounts.list()).map(({ name }) => name), ['Adam', 'Zoë']);
  });

  test('have names of their own, of text that can be typed', async () => {
    await accounts.create({ name: 'me', passwordHash: '' });
    await assert.rejects(accounts.create({ name: 'me', passwordHash: '' }), { code: 'conflict' });
    for (const name of ['', ' me', 'me ', 'a\nb', 'a\u0000', 'x'.repeat(65), 'é'.repeat(33)]) {
      await assert.rejects(accounts.create({ name, passwordHash: '' }), { code: 'invalid' }, JSON.stringify(name));
    }
  });

  test('that do not exist cannot be changed', async () => {
    await assert.rejects(accounts.setPasswordHash(nobody, ''), { code: 'not-found' });
    await assert.rejects(accounts.setDisabled(nobody, true), { code: 'not-found' });
    await assert.rejects(accounts.setQuota(nobody, 1), { code: 'not-found' });
    await assert.rejects(accounts.devices(nobody), { code: 'not-found' });
    await assert.rejects(accounts.createDevice({ account: nobody, name: 'd', tokenHash: new Uint8Array(32) }), { code: 'not-found' });
  });

  test('know their devices by the hash of a token until revoked or disabled', async () => {
    const { id: account } = await accounts.create({ name: 'me', passwordHash: '' });
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const first = await accounts.createDevice({ account, name: 'first', tokenHash: one });
    const second = await accounts.createDevice({ account, name: 'second', tokenHash: two });
    assert.deepEqual((await accounts.findDeviceByTokenHash(one))?.device, first);
    assert.equal((await accounts.findDeviceByTokenHash(one))?.account.id, account);
    assert.equal(await accounts.findDeviceByTokenHash(new Uint8Array(32)), undefined);
    assert.deepEqual((await accounts.devices(account)).map(({ id }) => id), [second.id, first.id]);

    await accounts.revokeDevice({ account, device: first.id });
    await accounts.revokeDevice({ account, device: first.id });
    assert.equal(await accounts.findDeviceByTokenHash(one), undefined);
    assert.deepEqual((await accounts.devices(account)).map(({ revoked }) => revoked), [false, true]);
    await accounts.setDisabled(account, true);
    assert.equal(await accounts.findDeviceByTokenHash(two), undefined);
    await assert.rejects(accounts.createDevice({ account, name: 'third', tokenHash: new Uint8Array(32).fill(3) }), { code: 'denied' });
    await accounts.setDisabled(account, false);
    assert.equal((await accounts.findDeviceByTokenHash(two))?.device.id, second.id);
  });

  test('cannot revoke each other’s devices', async () => {
    const [mine, theirs] = [await accounts.create({ name: 'me', passwordHash: '' }), await accounts.create({ name: 'them', passwordHash: '' })];
    const device = await accounts.createDevice({ account: theirs.id, name: 'd', tokenHash: new Uint8Array(32) });
    await assert.rejects(accounts.revokeDevice({ account: mine.id, device: device.id }), { code: 'not-found' });
    await assert.rejects(accounts.revokeDevice({ account: mine.id, device: 'dd'.repeat(16) as DeviceId }), { code: 'not-found' });
  });

  test('note when a device was seen, at most once a minute', async () => {
    const { id: account } = await accounts.create({ name: 'me', passwordHash: '' });
    const { id: device } = await accounts.createDevice({ account, name: 'd', tokenHash: new Uint8Array(32) });
    written.length = 0;
    const from = now;
    for (let i = 0; i < 100; i++, now += 1_000) accounts.touchDevice({ account, device });
    await writer.idle();
    assert.deepEqual(written.map(({ name }) => name), ['touchDevice', 'touchDevice']);
    assert.equal((await accounts.devices(account))[0]?.lastSeenAt, from + 60_000);
  });
});
