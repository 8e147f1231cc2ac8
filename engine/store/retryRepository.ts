import { isBackupError } from '../../base/errors.ts';
import type { KeyStore } from '../ports/keyStore.ts';
import type { Clock, Random } from '../ports/primitives.ts';
import type { CallOptions, Repository } from '../ports/repository.ts';

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Tries altogether, the first included. */
  readonly attempts?: number;
}

const attemptsDefault = 5;
const delayMsFirst = 250;
const delayMsMax = 8_000;
/** The longest wait that a server may ask for. */
const retryAfterMsMax = 30_000;

/** Tries again what was `unavailable`, and nothing else: every call of the port can be made twice. */
export function withRetry(inner: Repository & KeyStore, options: RetryOptions): Repository & KeyStore {
  const again = <T>({ signal }: CallOptions, call: () => Promise<T>): Promise<T> => retry(call, { ...options, signal });
  return {
    instance: (o) => again(o, () => inner.instance(o)),
    workspaces: (o) => again(o, () => inner.workspaces(o)),
    createWorkspace: (workspace, o) => again(o, () => inner.createWorkspace(workspace, o)),
    lanes: (workspace, o) => again(o, () => inner.lanes(workspace, o)),
    lanesOfOrigin: (origin, o) => again(o, () => inner.lanesOfOrigin(origin, o)),
    createLane: (lane, o) => again(o, () => inner.createLane(lane, o)),
    missing: (ids, o) => again(o, () => inner.missing(ids, o)),
    putPack: (pack, o) => again(o, () => inner.putPack(pack, o)),
    commit: (request, o) => again(o, () => inner.commit(request, o)),
    fetch: (request, o) => again(o, () => inner.fetch(request, o)),
    snapshots: (query, o) => again(o, () => inner.snapshots(query, o)),
    findSnapshots: (query, o) => again(o, () => inner.findSnapshots(query, o)),
    history: (query, o) => again(o, () => inner.history(query, o)),
    getRing: (o) => again(o, () => inner.getRing(o)),
    createRing: (ring, o) => again(o, () => inner.createRing(ring, o)),
  };
}

/** Calls until it succeeds, fails with anything but `unavailable`, or the attempts are used up. */
export async function retry<T>(call: () => Promise<T>, options: RetryOptions & CallOptions): Promise<T> {
  const { clock, random, attempts = attemptsDefault, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= attempts || !isBackupError(error, 'unavailable')) throw error;
      await clock.sleep(delayMs({ attempt, random, retryAfterS: error.details.retryAfterS }), { signal });
    }
  }
}

/** Doubles with every attempt; the jitter spreads clients that failed together over the upper half. */
function delayMs({ attempt, random, retryAfterS }: { attempt: number; random: Random; retryAfterS: unknown }): number {
  const full = Math.min(delayMsMax, delayMsFirst * 2 ** (attempt - 1));
  const asked = typeof retryAfterS === 'number' ? Math.min(retryAfterMsMax, retryAfterS * 1_000) : 0;
  return asked + full / 2 + (full / 2) * fraction(random);
}

function fraction(random: Random): number {
  const [high = 0, low = 0] = random.bytes(2);
  return (high * 256 + low) / 65_536;
}
