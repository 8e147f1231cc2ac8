import { ByteReader, concatBytes } from '../../../base/bytes.ts';
import { bytesOfByteString } from '../byteString.ts';
import type { ByteName } from '../byteString.ts';
import type { HashContext } from '../formatContext.ts';

/** Items of one node, at every level; the last node of a level may be smaller. Source: docs/format.md § Trees. */
export const treeItemsMin = 16;
export const treeItemsMax = 256;
/** 1 in 48 past the minimum: 64 items on average. */
const treeSplitBelow = Math.floor(2 ** 32 / 48);

/**
 * Whether a node of `count` items ends after the one of that (first) name: by HMAC(split key, level ‖ name) alone, so
 * that a change moves no boundary but those beside it, and nobody without the key can choose names that do.
 */
export function endsTreeNode(
  { level, name, count }: { readonly level: number; readonly name: ByteName; readonly count: number },
  { hasher, keys }: HashContext,
): boolean {
  if (count < treeItemsMin) return false;
  if (count >= treeItemsMax) return true;
  const hash = hasher.hmacSha256(keys.split, concatBytes([Uint8Array.of(level), bytesOfByteString(name)]));
  return new ByteReader(hash, 'hash').u32() < treeSplitBelow;
}
