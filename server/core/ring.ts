import { concatBytes, encodeUtf8, fromHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import type { Primitives } from '../../engine/ports/primitives.ts';
import type { AccountId } from '../../protocol/ids.ts';

export const masterKeyBytes = 32;
const saltBytes = 32;
const purpose = encodeUtf8('holdfast managed ring 1');

type Wrapping = Pick<Primitives, 'hasher' | 'sealer' | 'random'>;

/** Salt, then the ring sealed under a key of that salt alone, bound to its account. */
export function wrapRing(ring: Uint8Array, { account, masterKey, parts }: RingOwner): Uint8Array {
  const salt = parts.random.bytes(saltBytes);
  const key = parts.hasher.hmacSha256(masterKey, purpose, salt);
  return concatBytes([salt, parts.sealer.seal(key, fromHex(account), ring)]);
}

/** Errors: `corrupt` when it was not wrapped by this master key for this account. */
export function unwrapRing(wrapped: Uint8Array, { account, masterKey, parts }: RingOwner): Uint8Array {
  if (wrapped.length <= saltBytes) throw new BackupError('corrupt', 'A stored key ring is too short.');
  const key = parts.hasher.hmacSha256(masterKey, purpose, wrapped.subarray(0, saltBytes));
  return parts.sealer.open(key, fromHex(account), wrapped.subarray(saltBytes));
}

export interface RingOwner {
  readonly account: AccountId;
  readonly masterKey: Uint8Array;
  readonly parts: Wrapping;
}
