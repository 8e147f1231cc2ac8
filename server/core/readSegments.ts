import { mapBounded } from '../../base/concurrency.ts';
import type { StoredSegment } from './metadataReads.ts';
import type { VolumeDisk } from './volumeDisk.ts';

const readsAtOnceMax = 4;
/** Segments of one volume this near to each other are read together, up to so much. */
const gapBytesMax = 64 * 1024;
const runBytesMax = 8 * 1024 * 1024;

interface Run {
  readonly volume: string;
  readonly from: number;
  to: number;
  readonly members: { readonly index: number; readonly offset: number; readonly bytes: number }[];
}

/**
 * The bytes of stored segments, in their order; undefined for one that cannot be read (then `onFault` hears why).
 * Neighbours in a volume are read in one go. Whether the bytes are right, who opens them sees by their ids.
 */
export async function readSegments(
  segments: readonly StoredSegment[],
  { disk, onFault }: { readonly disk: Pick<VolumeDisk, 'read'>; readonly onFault: (volume: string, error: unknown) => void },
): Promise<readonly (Uint8Array | undefined)[]> {
  const answer = segments.map(({ place }) => (place.kind === 'inline' ? place.content : undefined));
  await mapBounded(planRuns(segments), readsAtOnceMax, async ({ volume, from, to, members }) => {
    try {
      const bytes = await disk.read(volume, from, to - from);
      if (bytes.length < to - from) onFault(volume, new Error('the volume ends too early'));
      for (const { index, offset, bytes: length } of members) {
        const start = offset - from;
        if (start + length <= bytes.length) answer[index] = members.length === 1 ? bytes : bytes.slice(start, start + length);
      }
    } catch (error) {
      onFault(volume, error);
    }
  });
  return answer;
}

/** Which ranges to read, so that every segment in a volume lies in one. */
export function planRuns(segments: readonly StoredSegment[]): readonly Run[] {
  const placed = segments.flatMap(({ place, bytes }, index) => (place.kind === 'volume' ? [{ ...place, bytes, index }] : []));
  placed.sort((a, b) => (a.volume === b.volume ? a.offset - b.offset : a.volume < b.volume ? -1 : 1));
  const runs: Run[] = [];
  for (const { volume, offset, bytes, index } of placed) {
    const last = runs.at(-1);
    const end = offset + bytes;
    const joins = last !== undefined && last.volume === volume && offset - last.to <= gapBytesMax && end - last.from <= runBytesMax;
    const run = joins ? last : { volume, from: offset, to: end, members: [] };
    if (!joins) runs.push(run);
    run.to = Math.max(run.to, end);
    run.members.push({ index, offset, bytes });
  }
  return runs;
}
