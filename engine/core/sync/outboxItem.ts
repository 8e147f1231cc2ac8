import { ByteReader, ByteWriter, equalBytes, toHex } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import type { PackId } from '../../../protocol/ids.ts';
import type { Hasher } from '../../ports/primitives.ts';
import type { Pack } from '../../ports/repository.ts';
import { decodeSnapshotRecord, encodeSnapshotRecord } from '../snapshot/snapshotRecord.ts';
import type { SnapshotRecord } from '../snapshot/snapshotTypes.ts';

/** One thing that waits to be sent: a pack ahead of the snapshot that needs it, or a snapshot with its last pack. */
export type OutboxItem = WaitingPack | WaitingSnapshot;

export interface WaitingPack {
  readonly kind: 'pack';
  readonly pack: Pack;
}

export interface WaitingSnapshot {
  readonly kind: 'snapshot';
  readonly record: SnapshotRecord;
  readonly rows: Uint8Array;
  readonly pack: Pack | undefined;
  /** Has a message: never folded into the next one. */
  readonly labelled: boolean;
}

const magic = 0x48464f42; // HFOB
const version = 1;
const kinds = { pack: 1, snapshot: 2 } as const;
const flagLabelled = 1;
const hashBytes = 32;

/**
 * Layout: magic (4) ‖ version (1) ‖ kind (1) ‖ flags (1) ‖ three parts, each length (4) ‖ bytes: record, rows, pack ‖
 * SHA-256 of all before it. A part that is not there has length 0.
 */
export function encodeOutboxItem(item: OutboxItem, hasher: Hasher): Uint8Array {
  const writer = new ByteWriter(1024 + (item.pack?.bytes.length ?? 0));
  writer.u32(magic).u8(version).u8(kinds[item.kind]);
  writer.u8(item.kind === 'snapshot' && item.labelled ? flagLabelled : 0);
  const snapshot = item.kind === 'snapshot' ? [encodeSnapshotRecord(item.record), item.rows] : [empty, empty];
  for (const part of [...snapshot, item.pack?.bytes ?? empty]) writer.u32(part.length).bytes(part);
  return writer.bytes(hasher.sha256(writer.written())).written();
}

const empty = new Uint8Array(0);

/** Errors: `corrupt` for anything that was not written whole. */
export function decodeOutboxItem(bytes: Uint8Array, hasher: Hasher): OutboxItem {
  const content = bytes.subarray(0, Math.max(0, bytes.length - hashBytes));
  if (!equalBytes(hasher.sha256(content), bytes.subarray(content.length))) {
    throw new BackupError('corrupt', 'A waiting snapshot is not as it was written.');
  }
  const reader: ByteReader = new ByteReader(content, 'waiting snapshot');
  if (reader.u32() !== magic || reader.u8() !== version) reader.fail('unknown version');
  const kind = reader.u8();
  const labelled = (reader.u8() & flagLabelled) !== 0;
  const [record, rows, packBytes] = [readPart(reader), readPart(reader), readPart(reader)];
  reader.finish();
  const pack = packBytes.length === 0 ? undefined : { id: toHex(hasher.sha256(packBytes)) as PackId, bytes: packBytes };
  if (kind === kinds.snapshot) return { kind: 'snapshot', record: decodeSnapshotRecord(record, hasher), rows, pack, labelled };
  if (kind !== kinds.pack || pack === undefined) reader.fail('unknown kind');
  return { kind: 'pack', pack };
}

function readPart(reader: ByteReader): Uint8Array {
  return reader.bytes(reader.u32());
}
