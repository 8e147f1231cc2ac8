import { BackupError, isBackupError } from '../../base/errors.ts';
import type { Dice } from '../../engine/testing/dice.ts';
import type { SimulatedServer } from './simulatedServer.ts';

type Call<T> = () => Promise<T>;

/**
 * Between a client and the server: loses requests, loses replies, delivers a request twice at once, or again much
 * later, when others have been answered since and the server may have crashed.
 */
export class FaultyNetwork {
  calm = false;
  readonly #dice: Dice;
  readonly #server: SimulatedServer;
  #late: Call<unknown>[] = [];

  constructor({ dice, server }: { readonly dice: Dice; readonly server: SimulatedServer }) {
    this.#dice = dice;
    this.#server = server;
  }

  /** Errors: `unavailable` when nothing was heard; what was asked may have happened. */
  async call<T>(call: Call<T>): Promise<T> {
    const fault = this.calm ? 1 : this.#dice.next();
    if (fault < 0.05) throw new BackupError('unavailable', 'The request was lost.');
    if (fault < 0.1) this.#late.push(call);
    if (fault >= 0.1 && fault < 0.15) return (await Promise.all([this.#deliver(call), this.#deliver(call)]))[0];
    const answer = await this.#deliver(call);
    if (fault >= 0.15 && fault < 0.2) throw new BackupError('unavailable', 'The reply was lost.');
    return answer;
  }

  /** Delivers again what was held back; nobody waits for the answers. */
  async deliverLate(): Promise<void> {
    const late = this.#late;
    this.#late = [];
    await Promise.all(late.map((call) => this.#deliver(call).catch(passOver)));
  }

  /** The answer, unless the server dies before it gives one. */
  #deliver<T>(call: Call<T>): Promise<T> {
    return Promise.race([call(), this.#server.life.death]);
  }
}

/** Whatever a stray copy is answered is fine, as long as it is an answer. */
function passOver(error: unknown): void {
  if (!isBackupError(error)) throw error;
}
