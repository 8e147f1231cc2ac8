import type { Primitives } from '../ports/primitives.ts';
import { nodeCompressor } from './nodeCompressor.ts';
import { nodeHasher, nodeSealer } from './nodeCrypto.ts';
import { systemRandom } from './random.ts';

/** Hashing, sealing, compression and randomness of this runtime. */
export function createPrimitives(): Primitives {
  return { hasher: nodeHasher, sealer: nodeSealer, compressor: nodeCompressor(), random: systemRandom };
}
