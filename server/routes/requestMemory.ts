import { BackupError } from '../../base/errors.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { ByteBudget, Place } from './byteBudget.ts';
import { withDeadline } from './deadline.ts';

/** How long a request waits for its place. */
const waitMsMax = 30_000;

/** The place in memory of one request, given back when it has been answered. */
export class RequestMemory implements Disposable {
  readonly #parts: RequestMemoryParts;
  #place: Place | undefined;
  #disposed = false;

  constructor(parts: RequestMemoryParts) {
    this.#parts = parts;
  }

  /**
   * Waits for a place. A request has one at a time, and none while it waits for another: so requests cannot block
   * each other for ever. Errors: `unavailable` when it took too long.
   */
  async reserve(bytes: number): Promise<void> {
    this.#place?.dispose();
    const { budget, account, clock, signal } = this.#parts;
    const error = (): BackupError => new BackupError('unavailable', 'The server is busy.', { retryAfterS: 5 });
    const reserve = (within: AbortSignal): Promise<Place> => budget.reserve({ bytes, account, signal: within });
    this.#place = await withDeadline(reserve, { clock, ms: waitMsMax, signal, error });
    if (this.#disposed) this.#place.dispose();
  }

  /** Whether what its account holds keeps others waiting. */
  get inTheWay(): boolean {
    return this.#parts.budget.isInTheWay(this.#parts.account);
  }

  shrinkTo(bytes: number): void {
    this.#place?.shrinkTo(bytes);
  }

  dispose(): void {
    this.#disposed = true;
    this.#place?.dispose();
  }
}

export interface RequestMemoryParts {
  readonly budget: ByteBudget;
  /** Whose share of it. */
  readonly account: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
