import { ByteReader } from '../../../base/bytes.ts';
import { BackupError, isBackupError } from '../../../base/errors.ts';
import { chunkBytesMax, nodeBodyBytesMax } from '../../../protocol/limits.ts';
import type { FormatContext } from '../formatContext.ts';
import { verifyObject } from '../objectId.ts';
import { segmentKey } from './encodeSegment.ts';
import { decodeSegmentHeader } from './segmentHeader.ts';
import type { PlainObject, SegmentHeader } from './segmentTypes.ts';

export { decodeSegmentHeader } from './segmentHeader.ts';

/**
 * Opens a whole stored segment and checks every object against its id. Memory is bounded by the header's lengths,
 * which are checked first. Bodies are views of one buffer.
 * Errors: `corrupt` for altered, malformed or cut bytes; `invalid` (details.unsupported) for a segment of a later
 * version; `denied` when the ring lacks its key.
 */
export async function openSegment(bytes: Uint8Array, context: FormatContext): Promise<readonly PlainObject[]> {
  const header = decodeStoredHeader(bytes);
  if (bytes.length !== header.headerBytes + header.storedBytes) corrupt('it does not have the length it says');
  const aad = bytes.subarray(0, header.headerBytes);
  const compressed = context.sealer.open(segmentKey(header, context), aad, bytes.subarray(header.headerBytes));
  const plain =
    header.codec === 'stored'
      ? compressed
      : await context.compressor.decompress(header.codec, compressed, header.plainBytes);
  if (plain.length !== header.plainBytes) corrupt('its content does not have the length it says');
  const objects = splitBody(plain, header);
  for (const object of objects) verifyObject(object, context);
  return objects;
}

/** A segment comes from a store, so malformed means damaged, unless a later version wrote it. */
function decodeStoredHeader(bytes: Uint8Array): SegmentHeader {
  try {
    return decodeSegmentHeader(bytes);
  } catch (cause) {
    if (!isBackupError(cause, 'invalid') || 'unsupported' in cause.details) throw cause;
    throw new BackupError('corrupt', cause.message, cause.details, { cause });
  }
}

function splitBody(plain: Uint8Array, { objects }: SegmentHeader): readonly PlainObject[] {
  const reader = new ByteReader(plain, 'segment');
  const lengths = objects.map(() => reader.u32());
  let total = 0;
  for (const length of lengths) total += length;
  if (total !== reader.left) corrupt('the lengths of its objects do not add up');
  return objects.map(({ kind, id, children }, index): PlainObject => {
    const length = lengths[index]!;
    if (length === 0 || length > (kind === 'chunk' ? chunkBytesMax : nodeBodyBytesMax)) {
      corrupt('an object has a length beyond the limits');
    }
    return { kind, id, children, body: reader.bytes(length) };
  });
}

function corrupt(reason: string): never {
  throw new BackupError('corrupt', `A damaged segment: ${reason}.`);
}
