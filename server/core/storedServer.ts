import { messageOf } from '../../base/errors.ts';
import { AccountRepository } from './accountRepository.ts';
import type { RepositoryParts } from './accountRepository.ts';
import type { AccountStore } from './accountStore.ts';
import type { CheckFinding } from './checkTypes.ts';
import { cleanVolumes } from './cleanVolumes.ts';
import { Gatherer } from './gatherer.ts';
import { GroupWriter } from './groupWriter.ts';
import type { DeviceScope, GatherReport, ServerCore } from './serverCore.ts';
import { KeyedTurns } from './keyedTurns.ts';
import { StoredAccounts } from './storedAccounts.ts';
import { VolumeWriter } from './volumeWriter.ts';

export type StoredServerParts = Omit<RepositoryParts, 'writer' | 'volumes' | 'gatherer' | 'arrivals'> & {
  readonly volumeBytesTarget?: number;
  readonly check: (options: { readonly signal: AbortSignal }) => AsyncIterable<CheckFinding>;
};

/** The core over a metadata store and a volume disk, whatever they are. Both stay the caller's to close. */
export class StoredServer implements ServerCore {
  readonly instance: RepositoryParts['instance'];
  readonly accounts: AccountStore;
  readonly #parts: RepositoryParts;
  readonly #check: StoredServerParts['check'];
  readonly #stop = new AbortController();
  #gathering: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ check, volumeBytesTarget, ...parts }: StoredServerParts) {
    const { store, disk, clock, log, primitives } = parts;
    const writer = new GroupWriter(store);
    const volumes = new VolumeWriter({
      disk,
      hasher: primitives.hasher,
      random: primitives.random,
      reserve: (volume) => writer.write('reserveVolume', { volume, at: clock.now() }),
      ...(volumeBytesTarget === undefined ? {} : { bytesTarget: volumeBytesTarget }),
    });
    this.#parts = { ...parts, writer, volumes, arrivals: new KeyedTurns(), gatherer: new Gatherer({ store, writer, volumes, clock, log }) };
    this.#check = check;
    this.instance = parts.instance;
    this.accounts = new StoredAccounts({ store, writer, clock, random: primitives.random, log });
  }

  /** Removes what a crash left. */
  cleanUp(): Promise<void> {
    const { primitives, ...parts } = this.#parts;
    return cleanVolumes({ ...parts, hasher: primitives.hasher, signal: this.#stop.signal });
  }

  /** Begins to gather by itself. */
  start(): void {
    this.#gathering ??= this.#parts.gatherer.run({ signal: this.#stop.signal });
  }

  accountRepository(scope: DeviceScope): AccountRepository {
    return new AccountRepository(this.#parts, scope);
  }

  gather(): Promise<GatherReport> {
    return this.#parts.gatherer.gather();
  }

  check(options: { readonly signal: AbortSignal }): AsyncIterable<CheckFinding> {
    return this.#check(options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { gatherer, volumes, writer, log } = this.#parts;
    this.#stop.abort();
    await this.#gathering;
    try {
      await gatherer.gather();
    } catch (error) {
      // What is not gathered is as safe in the database; the next start gathers it.
      log.warn('gather-failed', { error: messageOf(error) });
    }
    await volumes.idle();
    await writer.idle();
  }
}
