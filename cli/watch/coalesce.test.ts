import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coalescer, quietMs, waitMsMax } from './coalesce.ts';

test('a lone event after a quiet time is due at once', () => {
  const coalescer = new Coalescer();
  assert.equal(coalescer.dueIn(0), undefined);
  coalescer.event(5_000);
  assert.equal(coalescer.dueIn(5_000), 0);
});

test('a burst waits until it is quiet', () => {
  const coalescer = new Coalescer();
  coalescer.event(5_000);
  coalescer.event(5_010);
  assert.equal(coalescer.dueIn(5_010), quietMs);
  coalescer.event(5_200);
  assert.equal(coalescer.dueIn(5_300), quietMs - 100);
  assert.equal(coalescer.dueIn(5_500), 0);
});

test('a folder that never is quiet is pushed all the same', () => {
  const coalescer = new Coalescer();
  let now = 0;
  for (; now < waitMsMax; now += 100) coalescer.event(now);
  assert.equal(coalescer.dueIn(now), 0);
});

test('events during a push wait for its end, then for quiet', () => {
  const coalescer = new Coalescer();
  coalescer.event(1_000);
  coalescer.start();
  coalescer.event(1_100);
  assert.equal(coalescer.dueIn(1_500), undefined);
  coalescer.finish();
  assert.equal(coalescer.dueIn(1_200), quietMs - 100);
  assert.equal(coalescer.dueIn(1_500), 0);
});

test('after a push nothing is due until something happens', () => {
  const coalescer = new Coalescer();
  coalescer.event(1_000);
  coalescer.start();
  coalescer.finish();
  assert.equal(coalescer.dueIn(9_000), undefined);
});
