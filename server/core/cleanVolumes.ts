import { isBackupError, messageOf } from '../../base/errors.ts';
import type { Hasher, Log } from '../../engine/ports/primitives.ts';
import type { GroupWriter } from './groupWriter.ts';
import type { MetadataStore } from './metadata.ts';
import type { KnownVolume } from './metadataReads.ts';
import type { VolumeDisk } from './volumeDisk.ts';
import { readVolume } from './volumeReader.ts';

export interface CleaningParts {
  readonly store: Pick<MetadataStore, 'read'>;
  readonly writer: Pick<GroupWriter, 'write'>;
  readonly disk: VolumeDisk;
  readonly hasher: Hasher;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Removes what a crash left of volumes: files in which nothing is, and torn ends. A whole record is never removed,
 * though nothing refers to it: the database may be a copy, older than its volumes. `check` tells of those.
 */
export async function cleanVolumes(parts: CleaningParts): Promise<void> {
  const { store, writer, disk, log } = parts;
  const volumes = await store.read('volumes');
  const files = new Map((await disk.list()).map(({ name, bytes }) => [name, bytes]));
  const empty: string[] = [];
  for (const volume of volumes) {
    const size = files.get(volume.name) ?? 0;
    if (volume.bytes > 0) {
      if (size > volume.bytes) await cutTornEnd(volume, { ...parts, size });
    } else if ((await endOfRecords(volume.name, { ...parts, from: 0, until: 1 })) > 0) {
      log.warn('unused-volume', { volume: volume.name, bytes: size });
    } else {
      await disk.remove(volume.name);
      empty.push(volume.name);
    }
  }
  for (const { name } of volumes) files.delete(name);
  // Files that the database does not know may hold data of a newer one: never touched, only told of.
  for (const [name, bytes] of files) log.warn('unknown-volume', { volume: name, bytes });
  if (empty.length === 0) return;
  try {
    await writer.write('forgetVolumes', { volumes: empty });
  } catch (error) {
    if (!isBackupError(error, 'limit')) throw error;
    log.warn('volumes-not-forgotten', { error: error.message }); // a full disk must not keep reads from going on
  }
}

/** Reads go on though it cannot be looked at: nothing refers to it. */
async function cutTornEnd({ name, bytes }: KnownVolume, parts: CleaningParts & { readonly size: number }): Promise<void> {
  try {
    const end = await endOfRecords(name, { ...parts, from: bytes, until: Infinity });
    if (end === parts.size) return;
    await parts.disk.truncate(name, end);
    parts.log.info('torn-end-cut', { volume: name, bytes: parts.size - end });
  } catch (error) {
    if (!isBackupError(error)) throw error;
    parts.log.warn('torn-end-left', { volume: name, error: messageOf(error) });
  }
}

/** Where the last whole record behind `from` ends, or the first that ends at `until` or later; `from` when there is none. */
async function endOfRecords(
  volume: string,
  { disk, hasher, signal, from, until }: CleaningParts & { readonly from: number; readonly until: number },
): Promise<number> {
  let end = from;
  try {
    for await (const entry of readVolume(volume, { disk, hasher, signal, from, bodies: 'all' })) {
      if (entry.kind === 'record') end = entry.end;
      if (end >= until) break;
    }
  } catch (error) {
    if (!isBackupError(error, 'not-found')) throw error; // noted and never made
  }
  return end;
}
