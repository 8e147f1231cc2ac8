import { equalBytes } from '../../base/bytes.ts';
import { isBackupError, messageOf } from '../../base/errors.ts';
import type { Hasher } from '../../engine/ports/primitives.ts';
import type { VolumeDisk } from './volumeDisk.ts';
import type { VolumeRecord } from './volumeRecord.ts';
import { decodeRecordHeader, decodeRecordMeta, decodeVolumeHeader, recordHeaderBytes, volumeHeaderBytes } from './volumeRecord.ts';

/** What reading a volume from its beginning finds, in order. */
export type VolumeEntry =
  | { readonly kind: 'record'; readonly record: VolumeRecord; readonly offset: number; readonly end: number; readonly sha256: Uint8Array }
  /** A record whose body is not what it says; the ones after it can be read. */
  | { readonly kind: 'damaged'; readonly offset: number; readonly message: string }
  /** Nothing can be read from here on: the tail that a crash tore, or damage. Always the last. */
  | { readonly kind: 'torn'; readonly offset: number; readonly message: string };

export interface VolumeReading {
  readonly disk: Pick<VolumeDisk, 'read'>;
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
  /** Where a record begins; without it, at the beginning. */
  readonly from?: number;
  /** `records`: leaves the bodies of segments unread (empty in the entry), for who verifies those anyway. */
  readonly bodies: 'all' | 'records';
}

/** Reads and verifies every record of a volume; one record at a time in memory. Also the basis of a rebuild. */
export async function* readVolume(volume: string, reading: VolumeReading): AsyncGenerator<VolumeEntry> {
  let at = reading.from ?? 0;
  try {
    if (at === 0) decodeVolumeHeader(await reading.disk.read(volume, 0, (at = volumeHeaderBytes)));
    for (;;) {
      reading.signal.throwIfAborted();
      const fixed = await reading.disk.read(volume, at, recordHeaderBytes);
      if (fixed.length === 0) return;
      const { entry, end } = await readRecord(volume, { ...reading, fixed, at });
      yield entry;
      at = end;
    }
  } catch (error) {
    if (!isBackupError(error, 'invalid') && !isBackupError(error, 'corrupt')) throw error;
    yield { kind: 'torn', offset: at, message: messageOf(error) };
  }
}

async function readRecord(
  volume: string,
  { disk, hasher, bodies, fixed, at }: VolumeReading & { readonly fixed: Uint8Array; readonly at: number },
): Promise<{ readonly entry: VolumeEntry; readonly end: number }> {
  const { kind, account, sha256, metaBytes, bodyBytes } = decodeRecordHeader(fixed);
  const meta = decodeRecordMeta(fixed, await disk.read(volume, at + recordHeaderBytes, metaBytes), hasher);
  const offset = at + recordHeaderBytes + metaBytes;
  const end = offset + bodyBytes;
  const unread = bodies === 'records' && kind === 'segment';
  const body = unread ? new Uint8Array(0) : await disk.read(volume, offset, bodyBytes);
  if (unread || (body.length === bodyBytes && equalBytes(hasher.sha256(body), sha256))) {
    return { entry: { kind: 'record', record: { kind, account, meta, body }, offset, end, sha256 }, end };
  }
  return { entry: { kind: 'damaged', offset, message: 'The body does not match its checksum.' }, end };
}
