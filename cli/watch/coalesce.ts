/** Wait this long after the last event of a burst. */
export const quietMs = 300;
/** Push at the latest this long after the first event, however busy the folder is. */
export const waitMsMax = 2_000;

/**
 * When the collected events are to be pushed. Pure: time is handed in, and the caller owns the timer.
 * One lone event after a quiet time is pushed at once (a save should not wait); events close together are collected
 * until nothing came for `quietMs`, but never longer than `waitMsMax`; nothing is pushed while a push runs.
 */
export class Coalescer {
  #firstAt: number | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;
  #lone = false;
  #busy = false;

  /** An event came in. */
  event(now: number): void {
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#lone = !this.#busy && now - this.#lastAt >= quietMs;
    } else {
      this.#lone = false;
    }
    this.#lastAt = now;
  }

  /** A push starts and takes all that was collected. */
  start(): void {
    this.#busy = true;
    this.#firstAt = undefined;
    this.#lone = false;
  }

  /** The push ended. */
  finish(): void {
    this.#busy = false;
  }

  /** Ms from `now` until a push is due; 0 when it is, undefined when there is nothing to push or one is running. */
  dueIn(now: number): number | undefined {
    if (this.#busy || this.#firstAt === undefined) return undefined;
    if (this.#lone) return 0;
    return Math.max(0, Math.min(this.#lastAt + quietMs, this.#firstAt + waitMsMax) - now);
  }
}
