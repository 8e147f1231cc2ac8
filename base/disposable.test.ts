import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisposableStore, disposable } from './disposable.ts';

test('a store lets go in reverse order, once', () => {
  const seen: string[] = [];
  const store = new DisposableStore();
  store.add(disposable(() => seen.push('first')));
  store.add(disposable(() => seen.push('second')));
  store.dispose();
  store.dispose();
  assert.deepEqual(seen, ['second', 'first']);
});

test('what is added to a disposed store is let go at once', () => {
  const store = new DisposableStore();
  store.dispose();
  let gone = false;
  store.add(disposable(() => (gone = true)));
  assert.equal(gone, true);
});

test('a disposable runs once', () => {
  let runs = 0;
  const once = disposable(() => (runs += 1));
  once.dispose();
  once.dispose();
  assert.equal(runs, 1);
});
