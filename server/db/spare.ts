import { open, rm, stat, statfs } from 'node:fs/promises';
import { BackupError, isBackupError, systemCodeOf } from '../../base/errors.ts';
import type { Random } from '../../engine/ports/primitives.ts';
import { isDiskFullCode } from '../core/diskFull.ts';
import { isOutOfRoom } from './sqliteErrors.ts';

/** Enough for what SQLite needs beside a log of 500 MiB before it can read anything. */
const spareBytes = 1024 * 1024;
/** With less than this free, an error without a clear reason is one of room. */
const freeBytesMin = 64 * 1024;

/** Room that is kept for the start on a full disk: the database cannot be opened, not even to read, without any. */
export interface Spare {
  readonly path: string;
  readonly dataDirectory: string;
}

/** Opens, and on a full disk once more without the spare room. Errors: `limit` when that is not enough. */
export async function withSpare<T>({ path, dataDirectory }: Spare, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(await isForRoom(error, dataDirectory))) throw error;
    if ((await bytesOf(path)) === 0) throw fullAtStart(dataDirectory, error);
    await rm(path, { force: true });
  }
  try {
    return await open();
  } catch (error) {
    throw (await isForRoom(error, dataDirectory)) ? fullAtStart(dataDirectory, error) : error;
  }
}

/** Makes it anew where it was used up. Errors: the system's; then the next start on a full disk has none. */
export async function keepSpare({ path }: Spare, random: Random): Promise<void> {
  if ((await bytesOf(path)) >= spareBytes) return;
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(random.bytes(spareBytes)); // nothing that a file system could leave out
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function isForRoom(error: unknown, folder: string): Promise<boolean> {
  if (isBackupError(error, 'limit') || isDiskFullCode(systemCodeOf(error))) return true;
  if (!isOutOfRoom(error) && !(isBackupError(error) && isOutOfRoom(error.cause))) return false;
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < freeBytesMin;
}

function fullAtStart(dataDirectory: string, cause: unknown): BackupError {
  const message = `The disk that holds ${dataDirectory} is full, so that the server cannot open its data: free some space there, then start again; nothing is lost.`;
  return new BackupError('limit', message, { reason: 'disk-full' }, { cause });
}
