import { BackupError, isBackupError } from '../../../base/errors.ts';
import type { Clock } from '../../ports/primitives.ts';
import type { CallOptions } from '../../ports/repository.ts';

/** How long a caller waits for a server that does not answer before what it has is queued. */
export const patienceMs = 10_000;
const retryDelayMs = 500;
/** A request with a body gets the patience, and time to travel at no less than this (32 KB/s). */
const slowestBytesPerMs = 32;

/**
 * Calls the server with patience: what is `unavailable` is tried again until the server was silent for `patienceMs`.
 * Then it is away: every call is tried once, until one succeeds.
 */
export class Link {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #silentSince: number | undefined;
  #away = false;

  constructor(clock: Clock, options: { readonly patienceMs?: number } = {}) {
    this.#clock = clock;
    this.#patienceMs = options.patienceMs ?? patienceMs;
  }

  /** Whether the server did not answer for longer than the patience lasts. */
  get away(): boolean {
    return this.#away;
  }

  /** Errors: `unavailable` when the patience is used up; whatever else `work` fails with, at once. */
  async call<T>(work: (options: CallOptions) => Promise<T>, { signal, bytes = 0 }: CallOptions & { readonly bytes?: number }): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      this.#silentSince ??= this.#clock.now();
      try {
        const answer = await this.#attempt(work, { signal, bytes });
        this.#heard();
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!isBackupError(error, 'unavailable')) {
          if (isBackupError(error)) this.#heard();
          throw error;
        }
        if (this.#away || this.#clock.now() - this.#silentSince >= this.#patienceMs) {
          this.#away = true;
          throw error;
        }
        await this.#clock.sleep(retryDelayMs, { signal });
      }
    }
  }

  #heard(): void {
    this.#away = false;
    this.#silentSince = undefined;
  }

  async #attempt<T>(work: (options: CallOptions) => Promise<T>, { signal, bytes }: CallOptions & { readonly bytes: number }): Promise<T> {
    const late = new AbortController();
    const answered = new AbortController();
    const limitMs = this.#patienceMs + bytes / slowestBytesPerMs;
    const timer = this.#clock.sleep(limitMs, { signal: answered.signal }).then(
      () => late.abort(new BackupError('unavailable', 'The server does not answer.')),
      () => {}, // The answer came first.
    );
    try {
      return await work({ signal: AbortSignal.any([signal, late.signal]) });
    } finally {
      answered.abort();
      await timer;
    }
  }
}
