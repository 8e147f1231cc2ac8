import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedTurns } from './keyedTurns.ts';

test('the same key takes turns in order, also after a failure, other keys do not wait, and nothing stays behind', async () => {
  const turns = new KeyedTurns();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const work = [
    turns.run('a', () => first.promise.then(() => Promise.reject(new Error('first')))),
    turns.run('a', async () => done.push('second')),
    turns.run('a', async () => done.push('third')),
    turns.run('b', async () => done.push('other')),
  ];
  await work[3];
  assert.deepEqual(done, ['other']);
  first.resolve();
  await assert.rejects(work[0]!, /first/);
  await Promise.all(work.slice(1));
  assert.deepEqual(done, ['other', 'second', 'third']);
  assert.equal(turns.size, 0);
});
