const kib = 1024;

/**
 * Where files are cut. Frozen: other sizes would make every large file new.
 * Source: docs/decisions/0006-chunk-sizes.md (measured with bench/chunkSizes.ts).
 */
export const chunkSizes: ChunkSizes = {
  bytesMin: 64 * kib,
  bytesTarget: 256 * kib,
  bytesMax: 1024 * kib,
};

/** Bytes. No cut before `bytesMin`; cuts get likelier at `bytesTarget` (a power of two); a cut at `bytesMax`. */
export interface ChunkSizes {
  readonly bytesMin: number;
  readonly bytesTarget: number;
  readonly bytesMax: number;
}
