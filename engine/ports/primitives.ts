import type { CodecName } from '../core/segment/codec.ts';

/** SHA-256 and HMAC-SHA-256 over the concatenation of `parts`; 32 bytes each. Synchronous: pieces are small. */
export interface Hasher {
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

/** AES-256-GCM with a zero nonce: every key is used once, derived from a random salt. */
export interface Sealer {
  /** Ciphertext followed by the 16-byte tag. */
  seal(key: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** Errors: `corrupt` when key, AAD or bytes do not belong together. */
  open(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array;
}

export interface Compressor {
  /** The codec this runtime writes: zstd, or deflate where it lacks zstd. */
  readonly preferred: CodecName;
  compress(codec: CodecName, bytes: Uint8Array): Promise<Uint8Array>;
  /** Errors: `corrupt` when the bytes are not of that codec, or would grow past `bytesMax`. */
  decompress(codec: CodecName, bytes: Uint8Array, bytesMax: number): Promise<Uint8Array>;
}

export interface Random {
  bytes(length: number): Uint8Array;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason. */
  sleep(ms: number, options: { readonly signal: AbortSignal }): Promise<void>;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Structured; never secrets, contents, tokens or whole error objects of the HTTP client. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** What every part that hashes, seals or compresses is given. */
export interface Primitives {
  readonly hasher: Hasher;
  readonly sealer: Sealer;
  readonly compressor: Compressor;
  readonly random: Random;
}
