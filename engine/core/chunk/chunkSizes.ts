import { chunkBytesMax } from '../../../protocol/limits.ts';

const kib = 1024;

/**
 * Where files are cut. Frozen: other sizes would make every large file new. Measured in
 * docs/decisions (bench/chunkSizes.ts).
 */
export const chunkSizes: ChunkSizes = {
  bytesMin: 128 * kib,
  bytesTarget: 512 * kib,
  bytesMax: chunkBytesMax,
};

/** Bytes. No cut before `bytesMin`; cuts get likelier at `bytesTarget` (a power of two); a cut at `bytesMax`. */
export interface ChunkSizes {
  readonly bytesMin: number;
  readonly bytesTarget: number;
  readonly bytesMax: number;
}
