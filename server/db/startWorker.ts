import { Worker } from 'node:worker_threads';
import { BackupError, messageOf } from '../../base/errors.ts';
import { errorFromPlain } from './workerMessages.ts';
import type { WorkerCall, WorkerReply, WorkerSetup } from './workerMessages.ts';

type CallWithoutId<Call = WorkerCall> = Call extends WorkerCall ? Omit<Call, 'id'> : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A database thread, asked by messages and answering in order. */
export class DatabaseThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(setup: WorkerSetup) {
    // This very form is what webpack makes a bundle of its own of; from the sources it starts worker.ts itself.
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup });
    this.#worker.on('message', (reply: WorkerReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#end(`The database thread failed: ${messageOf(error)}`));
    this.#worker.on('exit', () => this.#end('The database is closed.'));
  }

  call(call: CallWithoutId): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...call, id });
    });
  }

  /** Answers after everything asked before. */
  async close(): Promise<void> {
    if (this.#ended === undefined) await this.call({ kind: 'close' });
    await this.#worker.terminate();
  }

  #settle(reply: WorkerReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'done') waiting?.resolve(reply.value);
    else waiting?.reject(errorFromPlain(reply.error));
  }

  #end(message: string): void {
    this.#ended ??= new BackupError('unavailable', message);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
