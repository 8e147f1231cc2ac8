import { fromHex, toHex } from '../../base/bytes.ts';
import { BackupError, isBackupError, messageOf } from '../../base/errors.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { decodePack, packId } from '../../engine/core/pack/pack.ts';
import { decodeSegmentHeader, openSegment } from '../../engine/core/segment/decodeSegment.ts';
import { openSnapshotDetails } from '../../engine/core/snapshot/encodeSnapshot.ts';
import { decodeSnapshotHeader } from '../../engine/core/snapshot/snapshotHeader.ts';
import { decodeSnapshotRecord } from '../../engine/core/snapshot/snapshotRecord.ts';
import type { SnapshotRecord } from '../../engine/core/snapshot/snapshotTypes.ts';
import { displayName } from '../../engine/core/byteString.ts';
import type { Primitives } from '../../engine/ports/primitives.ts';
import type { JsonDocument } from '../command.ts';
import { describeObject } from './describeObject.ts';

const zipMagic = fromHex('504b');
const segmentMagic = fromHex('48465331');

export interface DescribeParts {
  readonly primitives: Primitives;
  /** Undefined: clear parts only. */
  readonly context: FormatContext | undefined;
}

/** What a file holds: a pack, a segment or a snapshot record. Errors: `invalid` when it is none of them. */
export async function describeBytes(bytes: Uint8Array, parts: DescribeParts): Promise<JsonDocument> {
  if (startsWith(bytes, zipMagic)) return await describePack(bytes, parts);
  if (startsWith(bytes, segmentMagic)) return await describeSegment(bytes, parts);
  try {
    return describeRecord(decodeSnapshotRecord(bytes, parts.primitives.hasher), parts.context);
  } catch (cause) {
    if (!isBackupError(cause, 'invalid')) throw cause;
    throw new BackupError('invalid', 'This is no pack, no segment and no snapshot record.', {}, { cause });
  }
}

async function describePack(bytes: Uint8Array, parts: DescribeParts): Promise<JsonDocument> {
  const segments: JsonDocument[] = [];
  for (const segment of decodePack(bytes)) segments.push(await describeSegment(segment, parts));
  return { kind: 'pack', id: packId(bytes, parts.primitives.hasher), bytes: bytes.length, segments };
}

async function describeSegment(bytes: Uint8Array, { primitives, context }: DescribeParts): Promise<JsonDocument> {
  const header = decodeSegmentHeader(bytes);
  const { content, codec, epoch, plainBytes, storedBytes, headerBytes } = header;
  return {
    kind: 'segment',
    sha256: toHex(primitives.hasher.sha256(bytes)),
    content,
    codec,
    epoch,
    headerBytes,
    storedBytes,
    plainBytes,
    ...(await opened(bytes, context)),
    ...(context === undefined ? { objects: header.objects.map(({ kind, id, children }) => ({ kind, id, children: children.length })) } : {}),
  };
}

async function opened(bytes: Uint8Array, context: FormatContext | undefined): Promise<JsonDocument> {
  if (context === undefined) return { opened: 'no: not signed in' };
  try {
    return { opened: 'yes', objects: (await openSegment(bytes, context)).map(describeObject) };
  } catch (error) {
    if (!isBackupError(error)) throw error;
    return { opened: `no: ${messageOf(error)}` };
  }
}

/** A snapshot's two halves; the sealed one only with the keys. */
export function describeRecord(record: SnapshotRecord, context: FormatContext | undefined): JsonDocument {
  const { rowsHash, ...header } = decodeSnapshotHeader(record.header);
  return {
    kind: 'snapshot',
    id: record.id,
    headerBytes: record.header.length,
    sealedBytes: record.sealed?.length ?? null,
    sealedSha256: toHex(record.sealedHash),
    header: { ...header, prev: header.prev ?? null, rowsHash: toHex(rowsHash) },
    ...(record.sealed === undefined || context === undefined ? {} : { details: describeDetails(record, context) }),
  };
}

function describeDetails(record: SnapshotRecord, context: FormatContext): JsonDocument {
  const { message, host, folder, counts, warnings, warningsTotal, changed, git } = openSnapshotDetails(record, context);
  return {
    message: message ?? null,
    host,
    folder,
    counts: { ...counts },
    git: git === undefined ? null : { head: git.head, branch: git.branch ?? null },
    warningsTotal,
    warnings: warnings.map(({ path, kind }) => ({ kind, path: displayName(path) })),
    changed: changed.map(({ path, kind }) => ({ kind, path: displayName(path) })),
  };
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}
