import type { BytePath } from '../../engine/core/byteString.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import { Coalescer } from './coalesce.ts';

const minuteMs = 60_000;
/** Events can be missed (network drives, a watcher that was asleep): everything is looked at this often. */
export const rescanEveryMs = 30 * minuteMs;
/** Past this, telling what changed costs more than looking. */
export const dirtyPathsMax = 20_000;
/** How often an unreachable server is tried, from the first to the longest wait. */
export const retryMs = { first: 2_000, longest: 30_000 } as const;

export interface WatchParts {
  readonly clock: Clock;
  /** Captures and sends. Answers whether anything still waits for the server. */
  readonly push: (dirty: Dirty) => Promise<Waiting>;
  /** Sends what waits. */
  readonly drain: () => Promise<Waiting>;
  readonly signal: AbortSignal;
}

export type Waiting = 'nothing-waits' | 'waits';

/**
 * Decides when a watched folder is pushed: everything at the start and from time to time, what changed when it
 * changed, and what waits when the server may be back. One thing at a time.
 */
export class WatchLoop {
  readonly #parts: WatchParts;
  readonly #coalescer = new Coalescer();
  #dirty: Set<BytePath> | 'all' = new Set();
  #rescanAt = Number.NEGATIVE_INFINITY;
  #retryAt: number | undefined;
  #retryDelayMs: number = retryMs.first;
  #wake: () => void = () => {};

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Something changed; `all` when it is not known what. */
  notice(changed: Dirty): void {
    if (changed !== 'all' && changed.size === 0) return;
    if (changed === 'all') this.#dirty = 'all';
    else if (this.#dirty !== 'all') for (const path of changed) this.#dirty.add(path);
    if (this.#dirty !== 'all' && this.#dirty.size > dirtyPathsMax) this.#dirty = 'all';
    this.#coalescer.event(this.#parts.clock.now());
    this.#wake();
  }

  /** Until the signal, whose reason it rejects with, or the first failure of `push` or `drain`. */
  async run(): Promise<never> {
    const { clock, signal } = this.#parts;
    for (;;) {
      signal.throwIfAborted();
      const now = clock.now();
      if (this.#rescanAt <= now) await this.#push('all');
      else if (this.#coalescer.dueIn(now) === 0) await this.#push(this.#dirty);
      else if (this.#retryAt !== undefined && this.#retryAt <= now) this.#settle(await this.#parts.drain());
      else await this.#sleep(this.#nextIn(now));
    }
  }

  async #push(dirty: Dirty): Promise<void> {
    this.#dirty = new Set();
    this.#coalescer.start();
    if (dirty === 'all') this.#rescanAt = this.#parts.clock.now() + rescanEveryMs;
    try {
      this.#settle(await this.#parts.push(dirty));
    } finally {
      this.#coalescer.finish();
    }
  }

  #settle(waiting: Waiting): void {
    if (waiting === 'nothing-waits') {
      this.#retryAt = undefined;
      this.#retryDelayMs = retryMs.first;
    } else {
      this.#retryAt = this.#parts.clock.now() + this.#retryDelayMs;
      this.#retryDelayMs = Math.min(retryMs.longest, this.#retryDelayMs * 2);
    }
  }

  #nextIn(now: number): number {
    const due = this.#coalescer.dueIn(now) ?? Number.POSITIVE_INFINITY;
    return Math.min(due, this.#rescanAt - now, (this.#retryAt ?? Number.POSITIVE_INFINITY) - now);
  }

  async #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#parts;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    try {
      await clock.sleep(ms, { signal: AbortSignal.any([signal, woken.signal]) });
    } catch (error) {
      signal.throwIfAborted();
      if (!woken.signal.aborted) throw error;
    } finally {
      this.#wake = () => {};
    }
  }
}
