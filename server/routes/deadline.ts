import type { BackupError } from '../../base/errors.ts';
import type { Clock } from '../../engine/ports/primitives.ts';

export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
  readonly signal: AbortSignal;
  /** What the work is aborted with when time is up. */
  readonly error: () => BackupError;
}

/** Runs `work` under a signal that also fires when time is up. */
export async function withDeadline<T>(work: (signal: AbortSignal) => Promise<T>, deadline: Deadline): Promise<T> {
  const { clock, ms, signal, error } = deadline;
  const late = new AbortController();
  const done = new AbortController();
  clock.sleep(ms, { signal: done.signal }).then(
    () => late.abort(error()),
    () => undefined, // the work ended first
  );
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    done.abort();
  }
}
