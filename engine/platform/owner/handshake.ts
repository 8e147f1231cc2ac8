import { timingSafeEqual } from 'node:crypto';
import { encodeUtf8, toHex } from '../../../base/bytes.ts';
import { nodeHasher } from '../nodeCrypto.ts';
import { systemRandom } from '../random.ts';

export const handshakeMsMax = 5_000;
const noncePattern = /^[0-9a-f]{64}$/;

/** A fresh nonce, in hex. */
export function newNonce(): string {
  return toHex(systemRandom.bytes(32));
}

export function isNonce(value: unknown): value is string {
  return typeof value === 'string' && noncePattern.test(value);
}

export interface Proof {
  readonly secret: Uint8Array;
  /** Who proves it, so that no answer can be sent back as one's own. */
  readonly side: 'owner' | 'client';
  readonly ownerNonce: string;
  readonly clientNonce: string;
}

/** Shows that one knows the secret without saying it: whoever took the address first learns nothing. */
export function prove({ secret, side, ownerNonce, clientNonce }: Proof): string {
  return toHex(nodeHasher.hmacSha256(secret, encodeUtf8(JSON.stringify(['holdfast', side, ownerNonce, clientNonce]))));
}

export function isProof(value: unknown, proof: Proof): boolean {
  const expected = prove(proof);
  return typeof value === 'string' && value.length === expected.length && timingSafeEqual(Buffer.from(value), Buffer.from(expected));
}
