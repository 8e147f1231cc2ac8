import type { Random } from '../../engine/ports/primitives.ts';
import { seededRandom } from '../../engine/testing/seededRandom.ts';

/** Decisions of a test from a seed: the same seed gives the same run. */
export class Dice {
  readonly seed: string;
  readonly #random: Random;

  constructor(seed: string) {
    this.seed = seed;
    this.#random = seededRandom(seed);
  }

  /** From 0 up to, not including, `below`. */
  integer(below: number): number {
    return Buffer.from(this.#random.bytes(6)).readUIntBE(0, 6) % below;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)]!;
  }

  bytes(length: number): Uint8Array {
    return this.#random.bytes(length);
  }
}
