import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Semaphore, mapBounded } from './concurrency.ts';

/** Counts how many are inside at once and lets the test decide when each leaves. */
class Gate {
  inside = 0;
  most = 0;
  readonly #leave: (() => void)[] = [];

  async pass(): Promise<void> {
    this.inside += 1;
    this.most = Math.max(this.most, this.inside);
    await new Promise<void>((resolve) => this.#leave.push(resolve));
    this.inside -= 1;
  }

  async openUntil(done: Promise<unknown>): Promise<void> {
    let going = true;
    const end = (): void => void (going = false);
    void done.then(end, end);
    while (going) {
      this.#leave.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('a semaphore lets in at most its limit and everyone in the end', async () => {
  const gate = new Gate();
  const semaphore = new Semaphore(3);
  const all = Promise.all(Array.from({ length: 10 }, () => semaphore.run(() => gate.pass())));
  await gate.openUntil(all);
  assert.equal(gate.most, 3);
});

test('an abort while waiting runs nothing and takes no place', async () => {
  const gate = new Gate();
  const semaphore = new Semaphore(1);
  const first = semaphore.run(() => gate.pass());
  const controller = new AbortController();
  let ran = false;
  const second = semaphore.run(async () => void (ran = true), { signal: controller.signal });
  controller.abort(new Error('stop'));
  await assert.rejects(second, /stop/);
  const third = semaphore.run(() => gate.pass());
  await gate.openUntil(Promise.all([first, third]));
  assert.equal(ran, false);
});

test('a failure inside frees the place', async () => {
  const semaphore = new Semaphore(1);
  await assert.rejects(semaphore.run(async () => Promise.reject(new Error('no'))), /no/);
  assert.equal(await semaphore.run(async () => 'yes'), 'yes');
});

test('mapBounded keeps order and its limit', async () => {
  const gate = new Gate();
  const done = mapBounded([...Array(9).keys()], 2, async (item) => {
    await gate.pass();
    return item * 10;
  });
  await gate.openUntil(done);
  assert.deepEqual(await done, [0, 10, 20, 30, 40, 50, 60, 70, 80]);
  assert.equal(gate.most, 2);
});

test('mapBounded stops taking after a failure and rethrows it', async () => {
  const taken: number[] = [];
  const failing = mapBounded([0, 1, 2, 3, 4, 5], 1, async (item) => {
    taken.push(item);
    if (item === 2) throw new Error('third');
  });
  await assert.rejects(failing, /third/);
  assert.deepEqual(taken, [0, 1, 2]);
});
