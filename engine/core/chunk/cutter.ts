import { BackupError } from '../../../base/errors.ts';
import { chunkSizes } from './chunkSizes.ts';
import type { ChunkSizes } from './chunkSizes.ts';

/** How many bits harder (before the target) and easier (after it) a cut is: normalised chunking, level 2. */
const normalisation = 2;

/**
 * Cuts one byte stream into content-defined chunks: FastCDC with a keyed gear table.
 * Shape: chunks are non-empty, in order; joined they equal the input. An empty input gives none.
 * Units: bytes. All chunks lie within [bytesMin, bytesMax], except a shorter last one.
 * Ownership: chunks are copies; the caller may reuse what it pushed as soon as the generator is drained.
 * Memory: one buffer that grows with the file up to bytesMax, whatever the file's size.
 * Errors: `invalid` unless 0 < bytesMin < bytesTarget < bytesMax and the target is a power of two. Does no I/O.
 * Source: docs/format.md § Chunking.
 */
export class Cutter {
  readonly #gear: Int32Array;
  readonly #sizes: ChunkSizes;
  readonly #maskBefore: number;
  readonly #maskAfter: number;
  #buffer = new Uint8Array(0);
  /** Bytes in the buffer: all of one chunk so far. */
  #filled = 0;
  #hash = 0;

  constructor(gear: Uint32Array, sizes: ChunkSizes = chunkSizes) {
    const { bytesMin, bytesTarget, bytesMax } = sizes;
    const bits = Math.log2(bytesTarget);
    if (!(bytesMin > 0 && bytesMin < bytesTarget && bytesTarget < bytesMax && Number.isInteger(bits))) {
      throw new BackupError('invalid', 'Chunk sizes must rise, with a power of two as the target.');
    }
    this.#gear = Int32Array.from(gear, (value) => value | 0);
    this.#sizes = sizes;
    this.#maskBefore = topBits(bits + normalisation);
    this.#maskAfter = topBits(bits - normalisation);
  }

  /** Takes the next bytes of the stream; yields each chunk that they complete. Drain it before the next call. */
  *push(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>, void> {
    let at = 0;
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + this.#sizes.bytesMax - this.#filled);
      const cut = this.#findCut(bytes, at, end);
      this.#append(bytes.subarray(at, cut < 0 ? end : cut));
      at = cut < 0 ? end : cut;
      if (cut >= 0 || this.#filled === this.#sizes.bytesMax) yield this.#take();
    }
  }

  /** The last chunk, or undefined when nothing is left. The cutter is then ready for another stream. */
  finish(): Uint8Array<ArrayBuffer> | undefined {
    return this.#filled === 0 ? undefined : this.#take();
  }

  /** The end (exclusive) of the chunk within bytes[at, end), or -1. Continues the hash from call to call. */
  #findCut(bytes: Uint8Array, at: number, end: number): number {
    const { bytesMin, bytesTarget } = this.#sizes;
    const start = at - this.#filled;
    const harderFrom = Math.max(at, start + bytesMin);
    const easierFrom = Math.min(end, Math.max(harderFrom, start + bytesTarget));
    const cut = this.#scan(bytes, harderFrom, easierFrom, this.#maskBefore);
    return cut < 0 ? this.#scan(bytes, Math.max(harderFrom, easierFrom), end, this.#maskAfter) : cut;
  }

  #scan(bytes: Uint8Array, from: number, to: number, mask: number): number {
    const gear = this.#gear;
    let hash = this.#hash | 0;
    for (let i = from; i < to; i++) {
      hash = ((hash << 1) + gear[bytes[i]!]!) | 0;
      if ((hash & mask) === 0) {
        this.#hash = 0;
        return i + 1;
      }
    }
    this.#hash = hash;
    return -1;
  }

  #append(bytes: Uint8Array): void {
    const filled = this.#filled + bytes.length;
    if (filled > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#sizes.bytesMax, Math.max(filled, 2 * this.#buffer.length)));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled = filled;
  }

  #take(): Uint8Array<ArrayBuffer> {
    const chunk = this.#buffer.slice(0, this.#filled);
    this.#filled = 0;
    this.#hash = 0;
    return chunk;
  }
}

/** The upper bits look back furthest: up to 32 bytes. */
function topBits(count: number): number {
  return -1 << (32 - count);
}
