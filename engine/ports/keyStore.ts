import type { CallOptions } from './repository.ts';

/** How the ring is kept on the server: wrapped by the server's master key, or by a passphrase (later). */
export type Custody = 'managed' | 'private';

/** Where an account's one key ring is kept. */
export interface KeyStore {
  /** Undefined before the first device made it. */
  getRing(options: CallOptions): Promise<StoredRing | undefined>;
  /** Compare-and-swap-if-absent: answers the ring that is stored now, which may be another device's. */
  createRing(ring: Uint8Array, options: CallOptions): Promise<StoredRing>;
}

export interface StoredRing {
  readonly custody: Custody;
  readonly version: number;
  /** Canonical CBOR of the ring (managed), or the wrapped one (private). */
  readonly bytes: Uint8Array;
}
