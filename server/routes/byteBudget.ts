import { BackupError } from '../../base/errors.ts';
import type { Disposable } from '../../base/disposable.ts';

export interface BudgetLimits {
  /** Of all requests together. */
  readonly bytesMax: number;
  /** Of one account's requests together, so that nobody can take it all. */
  readonly accountBytesMax: number;
  /** What one account may hold while others wait, however slowly it makes use of it. */
  readonly shareBytes: number;
  readonly waitingMax: number;
}

export interface Reservation {
  readonly bytes: number;
  readonly account: string;
  readonly signal: AbortSignal;
}

/** Bytes held; given back by `dispose`. */
export interface Place extends Disposable {
  /** Keeps fewer; never more. */
  shrinkTo(bytes: number): void;
}

interface Waiting extends Reservation {
  readonly enter: () => void;
}

/**
 * Bounds the bytes that requests hold in memory at once, however many clients there are: a body is read, and an answer
 * made, only once it has its place. Places are given in order of arrival; who waits for its own account's others is
 * overtaken.
 */
export class ByteBudget {
  readonly #limits: BudgetLimits;
  readonly #waiting: Waiting[] = [];
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#total;
  }

  /** Whether an account holds more than its share while others wait for what it holds. */
  isInTheWay(account: string): boolean {
    if ((this.#taken.get(account) ?? 0) <= this.#limits.shareBytes) return false;
    return this.#waiting.some((waiting) => waiting.account !== account && this.#fitsAccount(waiting));
  }

  /** Errors: `limit` when it can never fit, `unavailable` when too many wait; the signal's reason. */
  async reserve(reservation: Reservation): Promise<Place> {
    const { bytes, account, signal } = reservation;
    signal.throwIfAborted();
    if (bytes > Math.min(this.#limits.accountBytesMax, this.#limits.bytesMax)) {
      throw new BackupError('limit', 'More bytes than this server holds at once.', { bytes });
    }
    if (this.#waiting.length === 0 && this.#fits(reservation)) this.#take(account, bytes);
    else await this.#wait(reservation);
    let held = bytes;
    const shrinkTo = (kept: number): void => {
      if (kept >= held) return;
      this.#take(account, kept - held);
      held = kept;
      this.#letIn();
    };
    return { shrinkTo, dispose: () => shrinkTo(0) };
  }

  async #wait(reservation: Reservation): Promise<void> {
    if (this.#waiting.length >= this.#limits.waitingMax) {
      throw new BackupError('unavailable', 'The server is busy.', { retryAfterS: 2 });
    }
    const { signal } = reservation;
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
        this.#letIn();
      };
      const enter = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const waiting: Waiting = { ...reservation, enter };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
      this.#letIn();
    });
  }

  #letIn(): void {
    for (let index = 0; index < this.#waiting.length; ) {
      const waiting = this.#waiting[index]!;
      if (this.#fits(waiting)) {
        this.#waiting.splice(index, 1);
        this.#take(waiting.account, waiting.bytes);
        waiting.enter();
      } else if (this.#fitsAccount(waiting)) {
        return; // the first for whom there is no room at all keeps its place
      } else index += 1;
    }
  }

  #fits(reservation: Reservation): boolean {
    return this.#total + reservation.bytes <= this.#limits.bytesMax && this.#fitsAccount(reservation);
  }

  #fitsAccount({ account, bytes }: Reservation): boolean {
    return (this.#taken.get(account) ?? 0) + bytes <= this.#limits.accountBytesMax;
  }

  #take(account: string, bytes: number): void {
    this.#total += bytes;
    const taken = (this.#taken.get(account) ?? 0) + bytes;
    if (taken === 0) this.#taken.delete(account);
    else this.#taken.set(account, taken);
  }
}
