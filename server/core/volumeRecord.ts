import { ByteReader, ByteWriter, concatBytes, decodeUtf8, encodeUtf8, equalBytes, fromHex, toHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import { decodeSnapshotRecord, encodeSnapshotRecord } from '../../engine/core/snapshot/snapshotRecord.ts';
import type { SnapshotRecord } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { Hasher } from '../../engine/ports/primitives.ts';
import type { AccountId } from '../../protocol/ids.ts';
import { randomIdBytes } from '../../protocol/ids.ts';
import { segmentBytesMax } from '../../protocol/limits.ts';

/**
 * What volumes are made of: a file header, then records that describe themselves, so that a lost database can be
 * rebuilt from volumes alone. Big-endian:
 *
 *     file    "HFVOLUME" u32 version, u32 0
 *     record  "HFr1" u8 kind, u8 0, u16 meta bytes, u32 body bytes, account (16), SHA-256 of the body (32),
 *             the first 8 bytes of SHA-256 of all this and the meta; then the meta (JSON) and the body
 */
export const recordKinds = { segment: 1, snapshot: 2, event: 3 } as const;
export type RecordKind = keyof typeof recordKinds;

export const volumeHeaderBytes = 16;
export const recordHeaderBytes = 68;
const checkedBytes = 60;
const checkBytes = 8;
const version = 1;
const volumeMagic = encodeUtf8('HFVOLUME');
const recordMagic = encodeUtf8('HFr1');
const metaBytesMax = 4_096;

export interface VolumeRecord {
  readonly kind: RecordKind;
  readonly account: AccountId;
  readonly meta: RecordMeta;
  /** A segment verbatim; a snapshot record with its rows; JSON of a StoredEvent. */
  readonly body: Uint8Array;
}

export type RecordMeta = Readonly<Record<string, string | number>>;

export interface RecordHeader extends Omit<VolumeRecord, 'body' | 'meta'> {
  readonly metaBytes: number;
  readonly bodyBytes: number;
  readonly sha256: Uint8Array;
  /** Over the header and the meta. */
  readonly check: Uint8Array;
}

export function encodeVolumeHeader(): Uint8Array {
  return new ByteWriter(volumeHeaderBytes).bytes(volumeMagic).u32(version).u32(0).written();
}

/** Errors: `invalid` for another file or a newer version. */
export function decodeVolumeHeader(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes, 'volume header');
  if (!equalBytes(reader.bytes(volumeMagic.length), volumeMagic)) reader.fail('this is no volume');
  if (reader.u32() !== version) reader.fail('its version is not known here');
  reader.u32(); // reserved
}

/** Everything of a record before its body. `sha256` is the body's, when it is known already. */
export function encodeRecordHeader({ kind, account, meta, body }: VolumeRecord, hasher: Hasher, sha256 = hasher.sha256(body)): Uint8Array {
  const metaBytes = encodeUtf8(JSON.stringify(meta));
  const header = new ByteWriter(recordHeaderBytes)
    .bytes(recordMagic)
    .u8(recordKinds[kind])
    .u8(0)
    .u16(metaBytes.length)
    .u32(body.length)
    .bytes(fromHex(account))
    .bytes(sha256)
    .written();
  return concatBytes([header, hasher.sha256(header, metaBytes).subarray(0, checkBytes), metaBytes]);
}

/** Reads the fixed part; `decodeRecordMeta` then checks it. Errors: `invalid`. */
export function decodeRecordHeader(bytes: Uint8Array): RecordHeader {
  const reader = new ByteReader(bytes, 'volume record');
  if (!equalBytes(reader.bytes(recordMagic.length), recordMagic)) reader.fail('no record begins here');
  const code = reader.u8();
  const kind = (Object.keys(recordKinds) as RecordKind[]).find((name) => recordKinds[name] === code);
  if (kind === undefined || reader.u8() !== 0) return reader.fail('its kind is not known here');
  const metaBytes = reader.u16();
  const bodyBytes = reader.u32();
  if (metaBytes > metaBytesMax || bodyBytes > segmentBytesMax) reader.fail('it is too large');
  const account = toHex(reader.bytes(randomIdBytes)) as AccountId;
  const sha256 = reader.bytes(32);
  return { kind, account, metaBytes, bodyBytes, sha256, check: reader.bytes(checkBytes) };
}

/** The meta of a record from its header's and its own bytes. Errors: `corrupt` when they do not belong together. */
export function decodeRecordMeta(header: Uint8Array, meta: Uint8Array, hasher: Hasher): RecordMeta {
  const check = hasher.sha256(header.subarray(0, checkedBytes), meta).subarray(0, checkBytes);
  if (!equalBytes(check, header.subarray(checkedBytes, recordHeaderBytes))) {
    throw new BackupError('corrupt', 'A volume record does not match its checksum.');
  }
  return JSON.parse(decodeUtf8(meta)) as RecordMeta;
}

/** The body of a snapshot's record: u32 length of the record, the record, the encoded path rows. */
export function encodeSnapshotBody(record: SnapshotRecord, rows: Uint8Array): Uint8Array {
  const bytes = encodeSnapshotRecord(record);
  return new ByteWriter(4 + bytes.length + rows.length).u32(bytes.length).bytes(bytes).bytes(rows).written();
}

export function decodeSnapshotBody(body: Uint8Array, hasher: Hasher): { readonly record: SnapshotRecord; readonly rows: Uint8Array } {
  const reader = new ByteReader(body, 'snapshot record');
  const record = decodeSnapshotRecord(reader.bytes(reader.u32()), hasher);
  return { record, rows: reader.bytes(reader.left) };
}
