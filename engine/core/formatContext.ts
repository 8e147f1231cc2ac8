import type { Primitives } from '../ports/primitives.ts';
import type { Keys } from './keys/deriveKeys.ts';

/** What encoders and decoders of sealed or named bytes are given: the primitives and one account's keys. */
export interface FormatContext extends Primitives {
  readonly keys: Keys;
}

/** Enough to name things: no sealing, no compression. */
export type HashContext = Pick<FormatContext, 'hasher' | 'keys'>;
