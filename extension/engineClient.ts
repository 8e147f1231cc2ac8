import { BackupError } from '../base/errors.ts';
import { disposable, type Disposable } from '../base/disposable.ts';
import { decodeError } from '../engine/platform/owner/wireError.ts';
import type { OnProgress } from '../engine/run/reports.ts';
import type { FromWorker, ToWorker } from './messages/channel.ts';
import type { CallName, EngineEvent, ParamsOf, ResultOf } from './messages/engineCalls.ts';

/** The worker as the editor's side holds it; Node's `Worker` is one. */
export interface WorkerHandle {
  postMessage(message: ToWorker): void;
  on(event: 'message', listener: (message: FromWorker) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  terminate(): Promise<unknown>;
}

export interface CallSettings {
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: OnProgress | undefined;
}

/** Asks the engine's worker, and starts it again when it dies. */
export class EngineClient {
  readonly #start: () => WorkerHandle;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #restartListeners = new Set<(error: unknown) => void>();
  readonly #waiting = new Map<number, Waiting>();
  #worker: WorkerHandle | undefined;
  #closed: (() => void) | undefined;
  #next = 1;

  constructor(start: () => WorkerHandle) {
    this.#start = start;
  }

  /** Errors: those of the engine; `unavailable` when the worker dies before it answers. */
  async call<Name extends CallName>(name: Name, params: ParamsOf<Name>, { signal, onProgress }: CallSettings): Promise<ResultOf<Name>> {
    signal.throwIfAborted();
    const worker = this.#running();
    const id = this.#next++;
    return await new Promise<ResultOf<Name>>((resolve, reject) => {
      // What was begun is given up by the worker, which says so when it has stopped.
      const abort = (): void => worker.postMessage({ kind: 'cancel', id });
      const settled = (): void => signal.removeEventListener('abort', abort);
      this.#waiting.set(id, {
        // The worker answers with what this call's name promises: both are built together.
        resolve: (result) => (settled(), resolve(result as ResultOf<Name>)),
        reject: (error) => (settled(), reject(signal.aborted ? signal.reason : error)),
        onProgress,
      });
      signal.addEventListener('abort', abort, { once: true });
      worker.postMessage({ kind: 'call', id, name, params });
    });
  }

  onEvent(listener: (event: EngineEvent) => void): Disposable {
    this.#listeners.add(listener);
    return disposable(() => this.#listeners.delete(listener));
  }

  /** The worker died: what it was told is to be told again. */
  onDied(listener: (error: unknown) => void): Disposable {
    this.#restartListeners.add(listener);
    return disposable(() => this.#restartListeners.delete(listener));
  }

  /** Lets the worker end by itself; it is ended by force when the signal says so. */
  async close({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    worker.postMessage({ kind: 'close' });
    await closed;
    await worker.terminate();
  }

  #running(): WorkerHandle {
    if (this.#worker !== undefined) return this.#worker;
    const worker = this.#start();
    this.#worker = worker;
    let failure: unknown;
    worker.on('message', (message) => this.#take(message));
    worker.on('error', (error) => {
      failure = error;
    });
    worker.on('exit', () => this.#died(worker, failure));
    return worker;
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case 'event':
        for (const listener of this.#listeners) listener(message.event);
        return;
      case 'progress':
        this.#waiting.get(message.id)?.onProgress?.(message.progress);
        return;
      case 'closed':
        this.#closed?.();
        return;
      case 'result':
        this.#settle(message.id)?.resolve(message.result);
        return;
      case 'failure':
        this.#settle(message.id)?.reject(decodeError(message.error));
        return;
      default:
        message satisfies never;
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #died(worker: WorkerHandle, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const gone = new BackupError('unavailable', 'The backup engine stopped unexpectedly and is started again.', {}, { cause: error });
    for (const waiting of this.#waiting.values()) waiting.reject(gone);
    this.#waiting.clear();
    if (this.#closed !== undefined) this.#closed();
    else for (const listener of this.#restartListeners) listener(error);
  }
}
