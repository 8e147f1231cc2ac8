import { createHash } from 'node:crypto';
import type { Random } from '../ports/primitives.ts';

/** The same bytes for the same seed, for ever: frozen test vectors rely on it. SHA-256 of seed and counter. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 32) {
        const block = createHash('sha256').update(`${seed}\n${counter++}`).digest();
        bytes.set(block.subarray(0, Math.min(32, length - at)), at);
      }
      return bytes;
    },
  };
}
