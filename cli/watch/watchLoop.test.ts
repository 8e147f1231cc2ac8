import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../engine/core/byteString.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import { rescanEveryMs, retryMs, WatchLoop, type Waiting } from './watchLoop.ts';

/** Time that stands still until it is told to go on. */
class ManualClock implements Clock {
  #now = 1_000_000;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

interface Bench {
  readonly clock: ManualClock;
  readonly loop: WatchLoop;
  readonly done: string[];
  answer: Waiting;
  stop(): Promise<void>;
}

async function start(): Promise<Bench> {
  const clock = new ManualClock();
  const controller = new AbortController();
  const done: string[] = [];
  const bench = { clock, done, answer: 'nothing-waits' as Waiting };
  const push = (dirty: Dirty): Promise<Waiting> => {
    done.push(dirty === 'all' ? 'all' : [...dirty].sort().join(' '));
    return Promise.resolve(bench.answer);
  };
  const drain = (): Promise<Waiting> => {
    done.push('drain');
    return Promise.resolve(bench.answer);
  };
  const loop = new WatchLoop({ clock, push, drain, signal: controller.signal });
  const running = loop.run();
  running.catch(() => undefined /* the end of every test */);
  await settled();
  const stop = async (): Promise<void> => {
    controller.abort(new Error('stopped'));
    await assert.rejects(running, /stopped/);
  };
  return Object.assign(bench, { loop, stop });
}

const paths = (...names: readonly string[]): ReadonlySet<BytePath> => new Set(names as BytePath[]);

test('everything is looked at first, then a lone change at once', async () => {
  const bench = await start();
  assert.deepEqual(bench.done, ['all']);
  await bench.clock.pass(5_000);
  bench.loop.notice(paths('a'));
  await settled();
  assert.deepEqual(bench.done, ['all', 'a']);
  await bench.stop();
});

test('changes close together are pushed together', async () => {
  const bench = await start();
  await bench.clock.pass(5_000);
  bench.loop.notice(paths('a'));
  await settled();
  bench.loop.notice(paths('b'));
  await bench.clock.pass(100);
  bench.loop.notice(paths('c', 'b'));
  await bench.clock.pass(299);
  assert.deepEqual(bench.done, ['all', 'a']);
  await bench.clock.pass(1);
  assert.deepEqual(bench.done, ['all', 'a', 'b c']);
  await bench.stop();
});

test('when it is not known what changed, and from time to time, everything is looked at', async () => {
  const bench = await start();
  await bench.clock.pass(5_000);
  bench.loop.notice('all');
  await settled();
  assert.deepEqual(bench.done, ['all', 'all']);
  await bench.clock.pass(rescanEveryMs);
  assert.deepEqual(bench.done, ['all', 'all', 'all']);
  await bench.stop();
});

test('what waits is tried again, ever more patiently, until it is gone', async () => {
  const bench = await start();
  bench.answer = 'waits';
  await bench.clock.pass(5_000);
  bench.loop.notice(paths('a'));
  await settled();
  await bench.clock.pass(retryMs.first);
  await bench.clock.pass(2 * retryMs.first - 1);
  assert.deepEqual(bench.done, ['all', 'a', 'drain']);
  bench.answer = 'nothing-waits';
  await bench.clock.pass(1);
  await bench.clock.pass(10 * retryMs.longest);
  assert.deepEqual(bench.done, ['all', 'a', 'drain', 'drain']);
  await bench.stop();
});
