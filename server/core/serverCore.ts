import type { AccountId, DeviceId, InstanceId } from '../../protocol/ids.ts';
import type { KeyStore } from '../../engine/ports/keyStore.ts';
import type { Repository } from '../../engine/ports/repository.ts';
import type { AccountStore } from './accountStore.ts';
import type { CheckFinding } from './checkTypes.ts';

/**
 * The server without its network side: ingest, commit, fetch, gather, check over a metadata store and volumes.
 * Opened by `openServerCore` (server/openServerCore.ts); the one process that owns a data folder holds one.
 */
export interface ServerCore {
  /** Made with the data; changes when a lost database is rebuilt. */
  readonly instance: InstanceId;
  readonly accounts: AccountStore;
  /**
   * One account's store as one device of it sees it, in this process. Cheap: make one per request. Who the device is
   * must have been established before (AccountStore.findDeviceByTokenHash).
   */
  accountRepository(scope: DeviceScope): Repository & KeyStore;
  /** Moves what lies in the database into volumes now; runs by itself every minute and every 8 MiB. */
  gather(): Promise<GatherReport>;
  /** Verifies everything stored; findings as they come, a summary last. Reads only. */
  check(options: { readonly signal: AbortSignal }): AsyncIterable<CheckFinding>;
  /** Waits for what is under way, gathers, lets go of files and threads. Idempotent. */
  close(): Promise<void>;
}

export interface DeviceScope {
  readonly account: AccountId;
  readonly device: DeviceId;
}

export interface GatherReport {
  readonly segments: number;
  readonly snapshots: number;
  readonly bytes: number;
}
