import type { FormatContext } from '../core/formatContext.ts';
import { createKeyRing } from '../core/keys/keyRing.ts';
import type { KeyRing } from '../core/keys/keyRing.ts';
import { deriveKeys } from '../core/keys/deriveKeys.ts';
import { createPrimitives } from '../platform/primitives.ts';
import { seededRandom } from './seededRandom.ts';

/** This runtime's primitives with keys and randomness that follow from the seed. */
export function testContext(seed = 'test'): FormatContext & { readonly ring: KeyRing } {
  const primitives = createPrimitives();
  const ring = createKeyRing(seededRandom(`${seed} ring`));
  return { ...primitives, random: seededRandom(seed), keys: deriveKeys(ring, primitives.hasher), ring };
}
