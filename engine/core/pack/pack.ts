import JSZip from 'jszip';
import { toHex } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import type { PackId } from '../../../protocol/ids.ts';
import { packBytesMax, packEntriesMax } from '../../../protocol/limits.ts';
import type { Hasher } from '../../ports/primitives.ts';
import type { Pack } from '../../ports/repository.ts';
import { readStoredZip } from './readStoredZip.ts';

/** The earliest time that ZIP can say, so that the same segments always make the same pack. */
const entryDate = new Date(Date.UTC(1980, 0, 1));

/** Bytes that a segment adds to a pack beside its own, at most; and those of the end record. */
export const packEntryOverheadBytes = 2 * 6 + 30 + 46;
export const packEndBytes = 22;

/**
 * A ZIP of stored entries `s/0`, `s/1`, … Any ZIP tool opens it. The same segments make the same bytes.
 * Errors: `limit` beyond the pack's bounds.
 */
export async function encodePack(segments: readonly Uint8Array[], hasher: Hasher): Promise<Pack> {
  if (segments.length > packEntriesMax) throw new BackupError('limit', 'Too many segments for one pack.');
  const zip = new JSZip();
  const options = { binary: true, compression: 'STORE', createFolders: false, date: entryDate } as const;
  segments.forEach((segment, index) => zip.file(entryName(index), segment, options));
  const bytes = await zip.generateAsync({
    type: 'uint8array',
    compression: 'STORE',
    platform: 'DOS',
    streamFiles: false,
  });
  if (bytes.length > packBytesMax) throw new BackupError('limit', 'A pack would be too large.');
  return { id: packId(bytes, hasher), bytes };
}

export function packId(bytes: Uint8Array, hasher: Hasher): PackId {
  return toHex(hasher.sha256(bytes)) as PackId;
}

/**
 * The segments of a pack, as views. Accepts only what `encodePack` lays out. Checks no content: a pack is checked by
 * its id, a segment by opening it. Errors: `invalid`.
 */
export function decodePack(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length > packBytesMax) throw new BackupError('invalid', 'Malformed pack: too large.');
  const entries = readStoredZip(bytes, { what: 'pack', entriesMax: packEntriesMax });
  entries.forEach(({ name }, index) => {
    if (name !== entryName(index)) throw new BackupError('invalid', 'Malformed pack: an entry of another name.');
  });
  return entries.map(({ content }) => content);
}

function entryName(index: number): string {
  return `s/${index}`;
}
