import { equalBytes, fromHex, toHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import { decodePack } from '../../engine/core/pack/pack.ts';
import { decodeSegmentHeader } from '../../engine/core/segment/decodeSegment.ts';
import type { SegmentHeader } from '../../engine/core/segment/segmentTypes.ts';
import type { Pack } from '../../engine/ports/repository.ts';
import { objectIdBytes, objectKinds } from '../../protocol/ids.ts';
import { packBytesMax } from '../../protocol/limits.ts';
import type { NewSegment } from './metadataWrites.ts';

/** SHA-256 off the caller's thread where the runtime can. */
export type Digest = (bytes: Uint8Array) => Promise<Uint8Array>;

/** A segment that passed every check that needs no key; its bytes are a view into the pack. */
export type CheckedSegment = Omit<NewSegment, 'place'> & { readonly view: Uint8Array };

/**
 * Checks a pack without keys: its id, its shape, every segment's header, lengths and content, and names each segment
 * by its SHA-256; the same segment twice counts once.
 * Errors: `corrupt` when the pack is not what its id says, `limit` when it is too large, `invalid` when malformed.
 */
export async function checkPack(pack: Pack, digest: Digest): Promise<readonly CheckedSegment[]> {
  if (pack.bytes.length > packBytesMax) throw new BackupError('limit', 'The pack is too large.', { bytesMax: packBytesMax });
  if (!equalBytes(await digest(pack.bytes), fromHex(pack.id))) throw new BackupError('corrupt', 'The pack is not what its id says.');
  const segments = new Map<string, CheckedSegment>();
  for (const view of decodePack(pack.bytes)) {
    const header = decodeSegmentHeader(view);
    if (header.headerBytes + header.storedBytes !== view.length) {
      throw new BackupError('invalid', 'A segment is longer or shorter than its header says.');
    }
    const sha256 = await digest(view);
    segments.set(toHex(sha256), { sha256, content: header.content, bytes: view.length, ...objectsOf(header), header: keptHeader(header, view), view });
  }
  return [...segments.values()];
}

function objectsOf({ objects }: SegmentHeader): { readonly ids: Uint8Array; readonly kinds: Uint8Array } {
  const ids = new Uint8Array(objects.length * objectIdBytes);
  objects.forEach(({ id }, i) => ids.set(fromHex(id), i * objectIdBytes));
  return { ids, kinds: Uint8Array.from(objects, ({ kind }) => objectKinds[kind]) };
}

/** A copy: a view would drag the whole pack along to the database's thread. */
function keptHeader({ content, headerBytes }: SegmentHeader, view: Uint8Array): Uint8Array | undefined {
  return content === 'trees' ? ownBytes(view.subarray(0, headerBytes)) : undefined;
}

/** The bytes in memory of their own. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
