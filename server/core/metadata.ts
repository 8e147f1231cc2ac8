import type { InstanceId } from '../../protocol/ids.ts';
import type { MetadataReads } from './metadataReads.ts';
import type { MetadataWrites } from './metadataWrites.ts';

/**
 * Where everything but volume bytes is kept. Writes are batches: all requests of one call are decided in order and
 * made durable together, each for itself: one that fails leaves the others alone. A call resolves after the flush.
 * SQLite runs a batch as one transaction with a savepoint per request; another database may run them one by one.
 * Neither writes nor reads run on the caller's thread.
 */
export interface MetadataStore {
  /** Rejects only when the whole batch failed (disk full: `limit`; else `unavailable`): then none of it happened. */
  commitBatch(requests: readonly WriteRequest[]): Promise<readonly WriteOutcome[]>;
  read<Name extends ReadName>(name: Name, ...query: Parameters<MetadataReads[Name]>): Promise<ReturnType<MetadataReads[Name]>>;
  close(): Promise<void>;
}

export type WriteName = keyof MetadataWrites;
export type ReadName = keyof MetadataReads;

export type WriteRequest = { readonly [Name in WriteName]: WriteRequestOf<Name> }[WriteName];
export interface WriteRequestOf<Name extends WriteName> {
  readonly name: Name;
  readonly request: Parameters<MetadataWrites[Name]>[0];
}

export type WriteOutcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly error: unknown };

/** What belongs to the data as a whole. */
export interface DataIdentity {
  readonly instance: InstanceId;
  /** SHA-256 of the master key, so that data is not opened with another folder's. */
  readonly masterKeyHash: Uint8Array;
}
