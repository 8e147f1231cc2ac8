import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BackupError, isBackupError, type ErrorCode } from '../../base/errors.ts';
import type { Clock, Random } from '../ports/primitives.ts';
import { retry } from './retryRepository.ts';

const random: Random = { bytes: (length) => new Uint8Array(length).fill(255) };

function sleeper(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  const sleep: Clock['sleep'] = async (ms, { signal }) => {
    signal.throwIfAborted();
    slept.push(Math.round(ms));
  };
  return { slept, clock: { now: () => 0, sleep } };
}

function failing(times: number, error: () => unknown): { readonly call: () => Promise<string>; calls: number } {
  const counted = {
    calls: 0,
    call: async (): Promise<string> => {
      counted.calls += 1;
      if (counted.calls <= times) throw error();
      return 'done';
    },
  };
  return counted;
}

const unavailable = (details = {}) => () => new BackupError('unavailable', 'Not now.', details);
const { signal } = new AbortController();

describe('trying again', () => {
  test('ends with the first success, waiting twice as long each time', async () => {
    const { clock, slept } = sleeper();
    const counted = failing(4, unavailable());
    assert.equal(await retry(counted.call, { clock, random, signal }), 'done');
    assert.deepEqual(slept, [250, 500, 1000, 2000]);
  });

  test('is bounded, and ends with the last error', async () => {
    const { clock } = sleeper();
    const counted = failing(99, unavailable());
    await assert.rejects(retry(counted.call, { clock, random, signal, attempts: 3 }), (error) => isBackupError(error, 'unavailable'));
    assert.equal(counted.calls, 3);
  });

  test('waits as long as the server asks, within reason', async () => {
    const { clock, slept } = sleeper();
    await retry(failing(1, unavailable({ retryAfterS: 2 })).call, { clock, random, signal });
    await retry(failing(1, unavailable({ retryAfterS: 9999 })).call, { clock, random, signal });
    assert.deepEqual(slept, [2250, 30_250]);
  });

  const others: readonly ErrorCode[] = ['invalid', 'not-found', 'conflict', 'corrupt', 'denied', 'limit', 'cancelled'];
  for (const code of others) {
    test(`does not happen for ${code}`, async () => {
      const { clock } = sleeper();
      const counted = failing(1, () => new BackupError(code, 'No.'));
      await assert.rejects(retry(counted.call, { clock, random, signal }), (error) => isBackupError(error, code));
      assert.equal(counted.calls, 1);
    });
  }

  test('stops with the caller’s reason when the caller gives up', async () => {
    const { clock } = sleeper();
    const giveUp = new AbortController();
    const call = (): Promise<never> => {
      giveUp.abort(new Error('enough'));
      return Promise.reject(unavailable()());
    };
    await assert.rejects(retry(call, { clock, random, signal: giveUp.signal }), /enough/);
  });
});
