import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BackupError } from '../../base/errors.ts';
import type { AccountId } from '../../protocol/ids.ts';
import { GroupWriter } from './groupWriter.ts';
import type { MetadataStore, WriteOutcome, WriteRequest } from './metadata.ts';

/** A store whose batches end when told to. */
class HeldStore implements MetadataStore {
  readonly batches: (readonly WriteRequest[])[] = [];
  readonly #ends: ((outcome?: Error) => void)[] = [];

  commitBatch(requests: readonly WriteRequest[]): Promise<readonly WriteOutcome[]> {
    this.batches.push(requests);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) => (error ? reject(error) : resolve(requests.map((_, i) => ({ kind: 'done', value: i })))));
    });
  }

  async end(error?: Error): Promise<void> {
    this.#ends.shift()?.(error);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }

  read(): never {
    throw new Error('unexpected call');
  }

  async close(): Promise<void> {}
}

const disable = { account: 'a' as AccountId, disabled: true };

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

describe('GroupWriter', () => {
  test('what is asked while a batch is under way shares the next one', async () => {
    const store = new HeldStore();
    const writer = new GroupWriter(store);
    const first = [writer.write('setDisabled', disable), writer.write('setDisabled', disable)];
    await turns();
    const second = [1, 2, 3].map(() => writer.write('setDisabled', disable));
    await store.end();
    await Promise.all(first);
    await store.end();
    await Promise.all(second);
    assert.deepEqual(store.batches.map(({ length }) => length), [2, 3]);
    await writer.idle();
  });

  test('a batch holds a bounded number of requests and of bytes', async () => {
    const store = new HeldStore();
    const writer = new GroupWriter(store);
    const all = Array.from({ length: 300 }, () => writer.write('setDisabled', disable));
    await turns();
    await store.end();
    await store.end();
    const big = [1, 2, 3].map(() => writer.write('setDisabled', disable, { bytes: 20 * 1024 * 1024 }));
    await turns();
    await store.end();
    await store.end();
    await Promise.all([...all, ...big]);
    assert.deepEqual(store.batches.map(({ length }) => length), [256, 44, 2, 1]);
  });

  test('a batch that fails rejects everything in it, and the next one goes on', async () => {
    const store = new HeldStore();
    const writer = new GroupWriter(store);
    const failed = [writer.write('setDisabled', disable), writer.write('setDisabled', disable)].map((one) => assert.rejects(one, { code: 'limit' }));
    await turns();
    const next = writer.write('setDisabled', disable);
    await store.end(new BackupError('limit', 'full'));
    await Promise.all(failed);
    await store.end();
    await next;
  });
});
