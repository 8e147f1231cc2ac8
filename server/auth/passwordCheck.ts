import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Semaphore } from '../../base/concurrency.ts';
import { BackupError } from '../../base/errors.ts';
import type { Random } from '../../engine/ports/primitives.ts';
import type { AccountStore, StoredAccount } from '../core/accountStore.ts';
import { hashPassword, verifyPassword } from './password.ts';

/** Wrong passwords for one name from one address, before it has to wait. */
export const wrongPasswordsMax = 5;
/** Wrong passwords from one address, whatever the names. */
const wrongPasswordsPerAddressMax = 100;
const forgetAfterS = 300;
/** Each verification takes 19 MiB and a thread of the pool, which the disk needs too. */
const verificationsAtOnce = 2;
const verificationsWaitingMax = 64;

export interface PasswordCheckParts {
  readonly accounts: Pick<AccountStore, 'findByName'>;
  readonly random: Random;
  /** For tests that count. */
  readonly verify?: typeof verifyPassword;
}

export interface PasswordTry {
  readonly name: string;
  readonly password: string;
  /** Where it came from. */
  readonly address: string;
  readonly signal: AbortSignal;
}

/**
 * Tells whether a name and password belong together. An unknown or disabled account costs the same verification as a
 * known one, and the answer is the same.
 */
export class PasswordCheck {
  readonly #accounts: PasswordCheckParts['accounts'];
  readonly #random: Random;
  readonly #verify: typeof verifyPassword;
  readonly #decoy: string;
  readonly #perName = new RateLimiterMemory({ keyPrefix: 'name', points: wrongPasswordsMax, duration: forgetAfterS });
  readonly #perAddress = new RateLimiterMemory({ keyPrefix: 'address', points: wrongPasswordsPerAddressMax, duration: forgetAfterS });
  readonly #places = new Semaphore(verificationsAtOnce);
  #waiting = 0;

  static async open(parts: PasswordCheckParts): Promise<PasswordCheck> {
    const nobodysPassword = Buffer.from(parts.random.bytes(16)).toString('hex');
    return new PasswordCheck(parts, await hashPassword(nobodysPassword, parts.random));
  }

  private constructor({ accounts, random, verify = verifyPassword }: PasswordCheckParts, decoy: string) {
    this.#accounts = accounts;
    this.#random = random;
    this.#verify = verify;
    this.#decoy = decoy;
  }

  /** The hash of a password that is being set. */
  async hash(password: string, options: { readonly signal: AbortSignal }): Promise<string> {
    return await this.#places.run(() => hashPassword(password, this.#random), options);
  }

  /** Undefined when they do not belong together. Errors: `limit` after too many wrong tries, `unavailable` when busy. */
  async verify(attempt: PasswordTry): Promise<StoredAccount | undefined> {
    await this.#refuseTooMany(attempt); // before waiting, so that a flood does not even queue
    if (this.#waiting >= verificationsWaitingMax) {
      throw new BackupError('unavailable', 'Too many people are signing in at this moment.', { retryAfterS: 1 });
    }
    this.#waiting += 1;
    try {
      return await this.#places.run(() => this.#verifyNow(attempt), { signal: attempt.signal });
    } finally {
      this.#waiting -= 1;
    }
  }

  async #verifyNow(attempt: PasswordTry): Promise<StoredAccount | undefined> {
    await this.#refuseTooMany(attempt); // again: those that waited together count too
    const account = await this.#accounts.findByName(attempt.name);
    const right = await this.#verify(attempt.password, account?.passwordHash ?? this.#decoy);
    if (account !== undefined && right && !account.disabled) {
      await this.#perName.delete(keyOf(attempt));
      return account;
    }
    await this.#perName.penalty(keyOf(attempt));
    await this.#perAddress.penalty(attempt.address);
    return undefined;
  }

  async #refuseTooMany(attempt: PasswordTry): Promise<void> {
    const byName = await this.#perName.get(keyOf(attempt));
    const byAddress = await this.#perAddress.get(attempt.address);
    const full = [
      byName !== null && byName.consumedPoints >= wrongPasswordsMax ? byName.msBeforeNext : 0,
      byAddress !== null && byAddress.consumedPoints >= wrongPasswordsPerAddressMax ? byAddress.msBeforeNext : 0,
    ];
    const waitMs = Math.max(...full);
    if (waitMs > 0) {
      const retryAfterS = Math.ceil(waitMs / 1_000);
      throw new BackupError('limit', `Too many wrong passwords: wait ${retryAfterS} seconds.`, { reason: 'rate', retryAfterS });
    }
  }
}

function keyOf({ name, address }: PasswordTry): string {
  return `${address} ${name}`;
}
