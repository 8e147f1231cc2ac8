import type { CheckedSegment } from './ingestPack.ts';
import { ownBytes } from './ingestPack.ts';
import type { MetadataStore } from './metadata.ts';
import type { NewSegment, Scoped } from './metadataWrites.ts';
import type { VolumeWriter } from './volumeWriter.ts';

/** Packs up to this size lie in the database until they are gathered: one flush acknowledges them. */
export const inlinePackBytesMax = 512 * 1024;

export interface Placing extends Scoped {
  readonly store: MetadataStore;
  readonly volumes: VolumeWriter;
  readonly inlineBytesMax?: number | undefined;
}

/**
 * Decides where the bytes of checked segments are kept, and puts those of a large pack into a volume, flushed. What
 * is stored already is left out, so that a pack sent again costs a question only.
 * Errors: `limit` when disk or quota are full.
 */
export async function placeSegments(
  checked: readonly CheckedSegment[],
  { store, volumes, scope, at, inlineBytesMax = inlinePackBytesMax }: Placing,
): Promise<readonly NewSegment[]> {
  const bytes = checked.reduce((sum, segment) => sum + segment.bytes, 0);
  if (bytes <= inlineBytesMax) return checked.map((segment) => placed(segment, { kind: 'inline', content: ownBytes(segment.view) }));

  const question = { account: scope.account, segments: checked.map(({ sha256, bytes: size }) => ({ sha256, bytes: size })) };
  const known = await store.read('knownSegments', question);
  const fresh = checked.filter((_, i) => known[i] !== true);
  const meta = { device: scope.device, receivedAt: at };
  const places = await volumes.append(
    fresh.map(({ view, sha256 }) => ({ kind: 'segment', account: scope.account, meta, body: view, sha256 })),
  );
  return fresh.map((segment, i) => placed(segment, { kind: 'volume', volume: places[i]!.volume, offset: places[i]!.offset }));
}

function placed({ view: _, ...segment }: CheckedSegment, place: NewSegment['place']): NewSegment {
  return { ...segment, place };
}
