import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClient, type WorkerHandle } from './engineClient.ts';
import type { FromWorker, ToWorker } from './messages/channel.ts';

/** A worker that a test speaks for. */
class FakeWorker implements WorkerHandle {
  readonly said: ToWorker[] = [];
  terminated = false;
  readonly #listeners = new Map<string, ((value: never) => void)[]>();

  postMessage(message: ToWorker): void {
    this.said.push(message);
  }

  on(event: string, listener: (value: never) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  terminate(): Promise<void> {
    this.terminated = true;
    return Promise.resolve();
  }

  say(message: FromWorker): void {
    this.#tell('message', message);
  }

  die(error: Error): void {
    this.#tell('error', error);
    this.#tell('exit', undefined);
  }

  #tell(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never);
  }
}

const { signal } = new AbortController();
const folder = '/app';

function start(): { readonly workers: FakeWorker[]; readonly engine: EngineClient } {
  const workers: FakeWorker[] = [];
  const engine = new EngineClient(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });
  return { workers, engine };
}

test('nothing runs before the first call, and answers find their calls in any order', async () => {
  const { workers, engine } = start();
  assert.equal(workers.length, 0);
  const one = engine.call('workspaceOf', { folder }, { signal });
  const two = engine.call('workspaceOf', { folder }, { signal });
  workers[0]!.say({ kind: 'result', id: 2, result: { id: 'b', name: 'two' } });
  workers[0]!.say({ kind: 'result', id: 1, result: undefined });
  assert.equal((await two)?.name, 'two');
  assert.equal(await one, undefined);
});

test('errors keep their code and details', async () => {
  const { workers, engine } = start();
  const asked = engine.call('workspaceOf', { folder }, { signal });
  workers[0]!.say({ kind: 'failure', id: 1, error: { code: 'denied', message: 'no', details: { reason: 'certificate' } } });
  await assert.rejects(asked, { code: 'denied', message: 'no', details: { reason: 'certificate' } });
});

test('a call that is given up is cancelled, and rejects with the reason once the worker has stopped', async () => {
  const { workers, engine } = start();
  const controller = new AbortController();
  const asked = engine.call('push', { folder, message: undefined }, { signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  assert.deepEqual(workers[0]!.said.at(-1), { kind: 'cancel', id: 1 });
  workers[0]!.say({ kind: 'failure', id: 1, error: { code: 'cancelled', message: 'stopped', details: {} } });
  await assert.rejects(asked, reason);
  await assert.rejects(engine.call('push', { folder, message: undefined }, { signal: controller.signal }), reason);
});

test('a worker that dies fails what it was asked, says so, and is started again by the next call', async () => {
  const { workers, engine } = start();
  const deaths: unknown[] = [];
  engine.onDied((error) => deaths.push(error));
  const asked = engine.call('workspaceOf', { folder }, { signal });
  const why = new Error('out of memory');
  workers[0]!.die(why);
  await assert.rejects(asked, { code: 'unavailable' });
  assert.deepEqual(deaths, [why]);
  void engine.call('workspaceOf', { folder }, { signal });
  assert.equal(workers.length, 2);
});

test('closing waits for the last word, but not for ever', async () => {
  const { workers, engine } = start();
  void engine.call('workspaceOf', { folder }, { signal }).catch(() => undefined /* it is not answered any more */);
  const late = new AbortController();
  const closing = engine.close({ signal: late.signal });
  assert.deepEqual(workers[0]!.said.at(-1), { kind: 'close' });
  late.abort();
  await closing;
  assert.equal(workers[0]!.terminated, true);
});
