import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { systemRandom } from '../../engine/platform/random.ts';
import type { StoredAccount } from '../core/accountStore.ts';
import { createToken, tokenHashOf } from './deviceToken.ts';
import { networkOf } from './networkOf.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { PasswordCheck, wrongPasswordsMax } from './passwordCheck.ts';

const { signal } = new AbortController();

describe('passwords', () => {
  test('are kept as argon2id with a salt of their own', async () => {
    const [one, two] = await Promise.all([hashPassword('correct horse', systemRandom), hashPassword('correct horse', systemRandom)]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one, two);
    assert.equal(await verifyPassword('correct horse', one), true);
    assert.equal(await verifyPassword('correct horsE', one), false);
    assert.equal(await verifyPassword('', one), false);
  });

  test('are the same whichever way their characters are composed', async () => {
    assert.equal(await verifyPassword('cafe\u0301', await hashPassword('caf\u00e9', systemRandom)), true);
  });

  test('agree with another implementation of argon2id', async () => {
    // `password` with `somesalt`, 2 passes over 64 MiB, as the reference implementation writes it.
    const stored = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    assert.equal(await verifyPassword('password', stored), true);
  });

  const bad = ['', 'none', '$argon2i$v=19$m=1,t=1,p=1$c29tZXNhbHQ$x', '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'];
  for (const stored of bad) {
    test(`refuse "${stored.slice(0, 30)}" as a stored hash`, async () => {
      await assert.rejects(verifyPassword('x', stored), (error) => isBackupError(error, 'corrupt'));
    });
  }
});

describe('checking a name and a password', () => {
  const account = (name: string, disabled = false): StoredAccount => {
    return { id: name as never, name, createdAt: 0, disabled, quotaBytes: undefined, usedBytes: 0, passwordHash: `hash of ${name}` };
  };

  async function open(): Promise<{ check: PasswordCheck; verified: string[]; tries(name: string, password: string, address?: string): Promise<unknown> }> {
    const accounts = new Map([account('ann'), account('gone', true)].map((one) => [one.name, one]));
    const verified: string[] = [];
    const verify = async (password: string, stored: string): Promise<boolean> => {
      verified.push(stored);
      await new Promise((resolve) => setImmediate(resolve));
      return password === 'right';
    };
    const check = await PasswordCheck.open({ accounts: { findByName: async (name) => accounts.get(name) }, random: systemRandom, verify });
    return { check, verified, tries: (name, password, address = '192.0.2.1') => check.verify({ name, password, address, signal }) };
  }

  test('costs one verification, whether the account is there, disabled, or not', async () => {
    const { verified, tries } = await open();
    assert.ok(await tries('ann', 'right'));
    assert.equal(await tries('gone', 'right'), undefined);
    assert.equal(await tries('nobody', 'right'), undefined);
    assert.equal(verified.length, 3);
    assert.match(verified[2] ?? '', /^\$argon2id/);
  });

  test('stops after the bound for one name from one place, and only there', async () => {
    const { tries } = await open();
    for (let i = 0; i < wrongPasswordsMax; i++) assert.equal(await tries('ann', 'wrong'), undefined);
    await assert.rejects(tries('ann', 'right'), (error) => {
      assert.ok(isBackupError(error, 'limit'));
      assert.equal(error.details.reason, 'rate');
      assert.ok(Number(error.details.retryAfterS) > 0);
      return true;
    });
    assert.ok(await tries('ann', 'right', '192.0.2.2'));
    assert.equal(await tries('bob', 'wrong'), undefined);
  });

  test('forgets wrong tries after a right one', async () => {
    const { tries } = await open();
    for (let round = 0; round < 3; round++) {
      for (let i = 1; i < wrongPasswordsMax; i++) assert.equal(await tries('ann', 'wrong'), undefined);
      assert.ok(await tries('ann', 'right'));
    }
  });

  test('stops one place that tries many names', async () => {
    const { tries } = await open();
    for (let i = 0; i < 100; i++) await tries(`name${i}`, 'wrong');
    await assert.rejects(tries('ann', 'right'), (error) => isBackupError(error, 'limit'));
    assert.ok(await tries('ann', 'right', '192.0.2.2'));
  });

  test('turns away a crowd instead of queueing it without end', async () => {
    const { tries } = await open();
    const crowd = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => tries('ann', 'right', `192.0.2.${i}`)));
    const refused = crowd.filter((one) => one.status === 'rejected');
    assert.ok(refused.length > 0 && refused.length < 200);
    for (const { reason } of refused) assert.ok(isBackupError(reason, 'unavailable'));
  });

  test('lets go of who went away while waiting', async () => {
    const { check } = await open();
    const gone = new AbortController();
    const tries = Array.from({ length: 5 }, (_, i) => check.verify({ name: 'ann', password: 'right', address: `192.0.2.${i}`, signal: gone.signal }));
    gone.abort(new BackupError('cancelled', 'Gone.'));
    const outcomes = await Promise.allSettled(tries);
    assert.ok(outcomes.some((one) => one.status === 'rejected' && isBackupError(one.reason, 'cancelled')));
  });
});

test('a token has 256 bits and is known by its hash only', () => {
  const token = createToken(systemRandom);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(tokenHashOf(token)?.length, 32);
  assert.equal(tokenHashOf(`${token}=`), undefined);
  assert.equal(tokenHashOf(''), undefined);
});

test('tries are counted by the network that one household has', () => {
  const want: readonly (readonly [string, string])[] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:DB8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ];
  for (const [address, network] of want) assert.equal(networkOf(address), network);
});
