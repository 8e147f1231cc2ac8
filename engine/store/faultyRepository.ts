import { BackupError } from '../../base/errors.ts';
import type { KeyStore } from '../ports/keyStore.ts';
import type { Repository } from '../ports/repository.ts';

type Both = Repository & KeyStore;
export type RepositoryCall = keyof Both;

/**
 * What happens to one call. `lost`: it never arrives. `unanswered`: it is done, and nobody hears of it. An Error is
 * thrown instead of calling.
 */
export type Fault = 'none' | 'lost' | 'unanswered' | Error;

/** A repository as a bad network shows it. Counts every call; `plan` decides what becomes of each. */
export class FaultyRepository {
  /** How often each call was made. */
  readonly calls = new Map<RepositoryCall, number>();
  /** Bytes of packs, records and rows that were sent. */
  bytesSent = 0;
  plan: (call: RepositoryCall, count: number) => Fault = () => 'none';
  readonly repository: Both;

  constructor(inner: Both) {
    const wrapped: Record<string, unknown> = {};
    for (const name of calls) {
      const call = inner[name].bind(inner) as (...given: readonly unknown[]) => Promise<unknown>;
      wrapped[name] = async (...given: readonly unknown[]) => await this.#call(name, () => call(...given), given[0]);
    }
    this.repository = wrapped as unknown as Both;
  }

  /** All calls together. */
  get count(): number {
    let sum = 0;
    for (const count of this.calls.values()) sum += count;
    return sum;
  }

  /** From now on nothing arrives. */
  cut(): void {
    this.plan = () => 'lost';
  }

  /** The network is fine again. */
  heal(): void {
    this.plan = () => 'none';
  }

  reset(): void {
    this.calls.clear();
    this.bytesSent = 0;
  }

  async #call(name: RepositoryCall, run: () => Promise<unknown>, argument: unknown): Promise<unknown> {
    const count = (this.calls.get(name) ?? 0) + 1;
    this.calls.set(name, count);
    const fault = this.plan(name, count);
    if (fault instanceof Error) throw fault;
    if (fault === 'lost') throw new BackupError('unavailable', 'The server cannot be reached.');
    this.bytesSent += bytesOf(argument);
    const answer = await run();
    if (fault === 'unanswered') throw new BackupError('unavailable', 'The answer was lost.');
    return answer;
  }
}

const calls = [
  'instance',
  'workspaces',
  'createWorkspace',
  'lanes',
  'lanesOfOrigin',
  'createLane',
  'missing',
  'putPack',
  'commit',
  'fetch',
  'snapshots',
  'findSnapshots',
  'history',
  'getRing',
  'createRing',
] as const satisfies readonly RepositoryCall[];

function bytesOf(argument: unknown): number {
  if (argument instanceof Uint8Array) return argument.length;
  if (typeof argument !== 'object' || argument === null) return 0;
  return Object.values(argument).reduce<number>((sum, part) => sum + bytesOf(part), 0);
}
