import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { snapshotHeaderBytesMax, snapshotSealedBytesMax } from '../../../protocol/limits.ts';
import type { Hasher } from '../../ports/primitives.ts';
import { makeRecord, snapshotId } from './encodeSnapshot.ts';
import { decodeSnapshotHeader } from './snapshotHeader.ts';
import type { SnapshotRecord } from './snapshotTypes.ts';

const forms = { whole: 1, stub: 2 } as const;
const hashBytes = 32;

/** As it travels and lies in volumes: form ‖ u32 length ‖ header ‖ (u32 length ‖ sealed, or the hash of a stub). */
export function encodeSnapshotRecord({ header, sealed, sealedHash }: SnapshotRecord): Uint8Array<ArrayBuffer> {
  const form = sealed === undefined ? forms.stub : forms.whole;
  const writer = new ByteWriter(64 + header.length + (sealed?.length ?? 0));
  writer.u8(form).u32(header.length).bytes(header);
  if (sealed === undefined) writer.bytes(sealedHash);
  else writer.u32(sealed.length).bytes(sealed);
  return writer.written();
}

/**
 * The record with its id worked out, its header known to be well-formed. Parts are views. With `expected`, that must
 * be the id. Errors: `invalid` when malformed, `corrupt` when it is another snapshot than expected.
 */
export function decodeSnapshotRecord(bytes: Uint8Array, hasher: Hasher, expected?: SnapshotId): SnapshotRecord {
  const record = readRecord(new ByteReader(bytes, 'snapshot record'), hasher);
  decodeSnapshotHeader(record.header);
  if (expected !== undefined && record.id !== expected) {
    throw new BackupError('corrupt', 'A snapshot does not match its id.', { id: expected });
  }
  return record;
}

function readRecord(reader: ByteReader, hasher: Hasher): SnapshotRecord {
  const form = reader.u8();
  const header = readPart(reader, snapshotHeaderBytesMax);
  if (form === forms.whole) {
    const sealed = readPart(reader, snapshotSealedBytesMax);
    reader.finish();
    return makeRecord({ header, sealed }, hasher);
  }
  if (form !== forms.stub) reader.fail('an unknown form');
  const sealedHash = reader.bytes(hashBytes);
  reader.finish();
  return { id: snapshotId({ header, sealedHash }, hasher), header, sealed: undefined, sealedHash };
}

function readPart(reader: ByteReader, bytesMax: number): Uint8Array {
  const length = reader.u32();
  if (length > bytesMax) reader.fail(`a part of more than ${bytesMax} bytes`);
  return reader.bytes(length);
}
