import { ByteReader, ByteWriter, fromHex, toHex } from '../../../base/bytes.ts';
import { objectIdBytes, objectKinds, parseObjectKind } from '../../../protocol/ids.ts';
import type { ObjectId, ObjectKind } from '../../../protocol/ids.ts';
import {
  objectChildrenMax,
  segmentBytesMax,
  segmentObjectsMax,
  segmentPlainBytesMax,
} from '../../../protocol/limits.ts';
import { unsupported } from '../cborFields.ts';
import { writeChildren } from '../objectId.ts';
import { codecs, parseCodec } from './codec.ts';
import type { SegmentContent, SegmentHeader, SegmentObject } from './segmentTypes.ts';

/** `HFS1` */
const magic = 0x48465331;
const version = 1;
const flagTrees = 1;
/** A reader who does not know one of these flags must not go on; the upper four may be passed over. */
const flagsMandatory = 0x0f;

export const sealTagBytes = 16;
export const saltBytes = 32;
const epochMin = 1;
/** Everything before the first object; the number of objects comes last. */
export const fixedHeaderBytes = 12 + saltBytes + 12;

/** The clear header, which is also the AAD. Source: docs/format.md § Segments. */
export function encodeSegmentHeader(header: Omit<SegmentHeader, 'headerBytes'>): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(1024).u32(magic).u8(version);
  writer.u8(header.content === 'trees' ? flagTrees : 0).u8(codecs[header.codec]).u8(0);
  writer.u32(header.epoch).bytes(header.salt);
  writer.u32(header.plainBytes).u32(header.storedBytes).u32(header.objects.length);
  for (const { kind, id, children } of header.objects) {
    writer.u8(objectKinds[kind]).bytes(fromHex(id));
    if (kind !== 'chunk') writeChildren(writer, children);
  }
  return writer.written().slice();
}

/**
 * Reads a segment's clear header; needs no keys. `bytes` may hold more than the header, or the whole segment.
 * Errors: `invalid` when malformed, cut short, beyond the limits, or of a later version.
 */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader {
  const reader = new ByteReader(bytes.subarray(0, segmentBytesMax), 'segment');
  if (reader.u32() !== magic) reader.fail('it does not start with HFS1');
  const found = reader.u8();
  if (found !== version) unsupported('segment', `version ${found}`);
  const flags = reader.u8();
  const unknown = flags & flagsMandatory & ~flagTrees;
  if (unknown !== 0) unsupported('segment', `flags 0x${unknown.toString(16)}`);
  const content = (flags & flagTrees) === 0 ? 'data' : 'trees';
  const codec = parseCodec(reader.u8());
  if (reader.u8() !== 0) reader.fail('the reserved byte is not zero');
  const epoch = reader.u32();
  if (epoch < epochMin) reader.fail('an epoch of 0');
  const salt = reader.bytes(saltBytes).slice();
  const sizes = { plainBytes: reader.u32(), storedBytes: reader.u32() };
  const count = reader.u32();
  checkSizes(reader, { ...sizes, codec, count });
  const objects = readObjects(reader, { content, count });
  if (reader.offset + sizes.storedBytes > segmentBytesMax) reader.fail('it is larger than a segment may be');
  return { content, codec, epoch, salt, ...sizes, objects, headerBytes: reader.offset };
}

function checkSizes(
  reader: ByteReader,
  header: Pick<SegmentHeader, 'codec' | 'plainBytes' | 'storedBytes'> & { readonly count: number },
): void {
  const { codec, plainBytes, storedBytes, count } = header;
  if (count < 1 || count > segmentObjectsMax) reader.fail('a count beyond the limits');
  // The length of every object, and at least one byte of it.
  const plainFits = plainBytes >= 5 * count && plainBytes <= segmentPlainBytesMax + 4 * count;
  if (!plainFits) reader.fail('a length beyond the limits');
  const compressedBytes = storedBytes - sealTagBytes;
  const helped = compressedBytes > 0 && compressedBytes < plainBytes;
  if (codec === 'stored' ? compressedBytes !== plainBytes : !helped) reader.fail('lengths that do not fit each other');
}

function readObjects(
  reader: ByteReader,
  { content, count }: { readonly content: SegmentContent; readonly count: number },
): readonly SegmentObject[] {
  const objects: SegmentObject[] = [];
  const ids = new Set<ObjectId>();
  for (let i = 0; i < count; i++) {
    const kind = parseObjectKind(reader.u8());
    if ((kind === 'chunk') !== (content === 'data')) reader.fail('data and trees in one segment');
    const id = readId(reader);
    if (ids.has(id)) reader.fail('an object twice');
    ids.add(id);
    objects.push({ kind, id, children: readChildren(reader, kind) });
  }
  return objects;
}

const noChildren: readonly ObjectId[] = [];

function readChildren(reader: ByteReader, kind: ObjectKind): readonly ObjectId[] {
  if (kind === 'chunk') return noChildren;
  const count = reader.u16();
  if (count > objectChildrenMax || count * objectIdBytes > reader.left) reader.fail('too many children');
  const children = Array.from({ length: count }, () => readId(reader));
  if (new Set(children).size !== count) reader.fail('a child twice');
  return children;
}

function readId(reader: ByteReader): ObjectId {
  return toHex(reader.bytes(objectIdBytes)) as ObjectId;
}
