import { ByteWriter, concatBytes } from '../../../base/bytes.ts';
import { assert, BackupError } from '../../../base/errors.ts';
import { segmentBytesMax, segmentObjectsMax, segmentPlainBytesMax } from '../../../protocol/limits.ts';
import type { FormatContext } from '../formatContext.ts';
import { encodeSegmentHeader, saltBytes, sealTagBytes } from './segmentHeader.ts';
import type { CodecName } from './codec.ts';
import type { PlainObject, SegmentContent } from './segmentTypes.ts';

/** What goes into one segment: distinct objects, either chunks only or trees and lists only. */
export interface PlainSegment {
  readonly content: SegmentContent;
  readonly objects: readonly PlainObject[];
}

/**
 * Compresses and seals objects together. Random: the salt, and with it all sealed bytes.
 * Errors: `limit` beyond the segment's bounds.
 */
export async function encodeSegment({ content, objects }: PlainSegment, context: FormatContext): Promise<Uint8Array> {
  const plain = encodeBody(objects);
  const { codec, bytes } = await compressBody(plain, context);
  const { epoch } = context.keys;
  const salt = context.random.bytes(saltBytes);
  const storedBytes = bytes.length + sealTagBytes;
  const header = encodeSegmentHeader({
    content,
    codec,
    epoch,
    salt,
    plainBytes: plain.length,
    storedBytes,
    objects,
  });
  if (header.length + storedBytes > segmentBytesMax) throw new BackupError('limit', 'A segment would be too large.');
  const sealed = context.sealer.seal(segmentKey({ epoch, salt }, context), header, bytes);
  assert(sealed.length === storedBytes, 'sealing adds exactly the tag');
  return concatBytes([header, sealed]);
}

/** HMAC-SHA-256(seal key of the epoch, salt): used for one segment only, hence the zero nonce. */
export function segmentKey(
  { epoch, salt }: { readonly epoch: number; readonly salt: Uint8Array },
  { hasher, keys }: FormatContext,
): Uint8Array {
  return hasher.hmacSha256(keys.seal(epoch), salt);
}

/** u32 length of every object, then their bodies. */
function encodeBody(objects: readonly PlainObject[]): Uint8Array {
  let bytes = 0;
  for (const { body } of objects) bytes += body.length;
  if (objects.length > segmentObjectsMax || bytes > segmentPlainBytesMax) {
    throw new BackupError('limit', 'Too much for one segment.', { objects: objects.length, bytes });
  }
  const writer = new ByteWriter(4 * objects.length + bytes);
  for (const { body } of objects) writer.u32(body.length);
  for (const { body } of objects) writer.bytes(body);
  return writer.written();
}

async function compressBody(
  plain: Uint8Array,
  { compressor }: FormatContext,
): Promise<{ readonly codec: CodecName; readonly bytes: Uint8Array }> {
  const codec = compressor.preferred;
  if (codec === 'stored') return { codec, bytes: plain };
  const bytes = await compressor.compress(codec, plain);
  return bytes.length < plain.length ? { codec, bytes } : { codec: 'stored', bytes: plain };
}
