import { equalBytes } from '../../base/bytes.ts';
import { isBackupError, messageOf } from '../../base/errors.ts';
import type { Hasher } from '../../engine/ports/primitives.ts';
import type { VolumeDisk } from './volumeDisk.ts';
import type { RecordHeader, VolumeRecord } from './volumeRecord.ts';
import { decodeRecordHeader, decodeRecordMeta, decodeVolumeHeader, recordHeaderBytes, volumeHeaderBytes } from './volumeRecord.ts';

/** What reading a volume from its beginning finds, in order. */
export type VolumeEntry =
  | { readonly kind: 'record'; readonly record: VolumeRecord; readonly offset: number; readonly end: number; readonly sha256: Uint8Array }
  /** A record whose body is not what it says; the ones after it can be read. */
  | { readonly kind: 'damaged'; readonly offset: number; readonly message: string }
  /** Nothing can be read from here on: the tail that a crash tore, or damage. Always the last. */
  | { readonly kind: 'torn'; readonly offset: number; readonly message: string };

/** Reads and verifies every record of a volume; one record at a time in memory. Also the basis of a rebuild. */
export async function* readVolume(
  volume: string,
  { disk, hasher, signal }: { readonly disk: VolumeDisk; readonly hasher: Hasher; readonly signal: AbortSignal },
): AsyncGenerator<VolumeEntry> {
  let at = 0;
  try {
    decodeVolumeHeader(await disk.read(volume, 0, volumeHeaderBytes));
    at = volumeHeaderBytes;
    for (;;) {
      signal.throwIfAborted();
      const fixed = await disk.read(volume, at, recordHeaderBytes);
      if (fixed.length === 0) return;
      const entry = await readRecord(volume, { disk, hasher, fixed, at });
      yield entry.entry;
      at = entry.end;
    }
  } catch (error) {
    if (!isBackupError(error, 'invalid') && !isBackupError(error, 'corrupt')) throw error;
    yield { kind: 'torn', offset: at, message: messageOf(error) };
  }
}

interface RecordAt {
  readonly disk: VolumeDisk;
  readonly hasher: Hasher;
  readonly fixed: Uint8Array;
  readonly at: number;
}

async function readRecord(volume: string, { disk, hasher, fixed, at }: RecordAt): Promise<{ readonly entry: VolumeEntry; readonly end: number }> {
  const header: RecordHeader = decodeRecordHeader(fixed);
  const metaBytes = await disk.read(volume, at + recordHeaderBytes, header.metaBytes);
  const meta = decodeRecordMeta(fixed, metaBytes, hasher);
  const offset = at + recordHeaderBytes + header.metaBytes;
  const end = offset + header.bodyBytes;
  const body = await disk.read(volume, offset, header.bodyBytes);
  if (body.length === header.bodyBytes && equalBytes(hasher.sha256(body), header.sha256)) {
    const { kind, account, sha256 } = header;
    return { entry: { kind: 'record', record: { kind, account, meta, body }, offset, end, sha256 }, end };
  }
  return { entry: { kind: 'damaged', offset, message: 'The body does not match its checksum.' }, end };
}
