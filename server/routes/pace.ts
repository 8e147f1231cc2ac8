import type { BackupError } from '../../base/errors.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { RequestMemory } from './requestMemory.ts';
import { withDeadline } from './deadline.ts';

/** Time that every body and answer has, and the slowest line that a longer one may take when nobody else waits. */
const patientMs = 30_000;
const patientBytesPerMs = 32;
/** What is slower than a line of 1 Mbit/s, less what the protocols take of it, goes when others wait. */
const busyBytesPerMs = 100;
const lookEveryMs = 5_000;

export interface Pace {
  readonly bytes: number;
  /** How much came or went so far. */
  readonly done: () => number;
  readonly memory: Pick<RequestMemory, 'inTheWay' | 'dispose'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly error: () => BackupError;
}

/**
 * Moves a body or an answer over the network, and gives it up when it is too slow: always below the one rate, and below
 * the other when its account holds more than its share of memory while others wait for theirs.
 */
export async function keepPace<T>(move: (signal: AbortSignal) => Promise<T>, pace: Pace): Promise<T> {
  const { bytes, done, memory, clock, signal, error } = pace;
  const ms = patientMs + bytes / patientBytesPerMs;
  return await withDeadline(
    async (within) => {
      const slow = new AbortController();
      const ended = new AbortController();
      void watch({ done, memory, clock, signal: ended.signal }, () => {
        memory.dispose(); // at once, so that the next one to look sees it
        slow.abort(error());
      });
      try {
        return await move(AbortSignal.any([within, slow.signal]));
      } finally {
        ended.abort();
      }
    },
    { clock, ms, signal, error },
  );
}

async function watch({ done, memory, clock, signal }: Pick<Pace, 'done' | 'memory' | 'clock' | 'signal'>, giveUp: () => void): Promise<void> {
  try {
    for (let before = done(); ; before = done()) {
      await clock.sleep(lookEveryMs, { signal });
      if (memory.inTheWay && done() - before < lookEveryMs * busyBytesPerMs) return giveUp();
    }
  } catch {
    // The move ended, in whatever way: that is told by itself.
  }
}
