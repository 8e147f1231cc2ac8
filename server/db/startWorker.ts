import { Worker } from 'node:worker_threads';
import { BackupError, messageOf } from '../../base/errors.ts';
import { errorFromPlain } from './workerMessages.ts';
import type { WorkerCall, WorkerReply, WorkerSetup } from './workerMessages.ts';

type CallWithoutId<Call = WorkerCall> = Call extends WorkerCall ? Omit<Call, 'id'> : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A database thread, asked by messages and answering in order. One that ends by itself (out of memory) fails what it was
 * asked, and the next question starts another: a server must not go on without its database.
 */
export class DatabaseThread {
  readonly #setup: WorkerSetup;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
    this.#worker = this.#start();
  }

  call(call: CallWithoutId): Promise<unknown> {
    if (this.#closed) return Promise.reject(new BackupError('unavailable', 'The database is closed.'));
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ ...call, id });
    });
  }

  /** Answers after everything asked before. Idempotent. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (this.#closed || worker === undefined) {
      this.#closed = true;
      return;
    }
    const closing = this.call({ kind: 'close' });
    this.#closed = true;
    await closing.catch(() => undefined); // it ended by itself: nothing is left to close
    await worker.terminate();
  }

  #start(): Worker {
    // This very form is what webpack makes a bundle of its own of; from the sources it starts worker.ts itself.
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: this.#setup });
    worker.on('message', (reply: WorkerReply) => this.#settle(reply));
    worker.on('error', (error) => this.#lose(worker, `The database thread failed: ${messageOf(error)}`));
    worker.on('exit', () => this.#lose(worker, 'The database thread ended.'));
    return worker;
  }

  #settle(reply: WorkerReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'done') waiting?.resolve(reply.value);
    else waiting?.reject(errorFromPlain(reply.error));
  }

  #lose(worker: Worker, message: string): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(new BackupError('unavailable', message));
    this.#waiting.clear();
  }
}
