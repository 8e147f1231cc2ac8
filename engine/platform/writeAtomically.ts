import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { systemCodeOf } from '../../base/errors.ts';

const windows = process.platform === 'win32';
const windowsAttemptsMax = 8;
const windowsRetryMs = 25;
const temporaryPrefix = '.tmp-';

/** Whether a name is that of an unfinished file, left by a crash. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(temporaryPrefix);
}

/**
 * Makes or replaces a whole small file: a sibling is written and flushed, then renamed over it. A crash leaves the old
 * content or the new one. The file's mode is 0600 unless told.
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  { mode = 0o600 }: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = join(dirname(path), `${temporaryPrefix}${randomBytes(8).toString('hex')}-${basename(path)}`);
  try {
    await withFile(await open(temporary, 'wx', mode), async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    });
    await replace(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes renames and removals within a folder durable; Windows needs and has no such call. */
export async function syncFolder(path: string): Promise<void> {
  if (windows) return;
  await withFile(await open(path, 'r'), async (file) => await file.sync());
}

async function withFile(file: FileHandle, work: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(file);
  } finally {
    await file.close();
  }
}

async function replace(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      // A virus scanner or an indexer may hold the old file open for a moment.
      const held = windows && ['EPERM', 'EACCES', 'EBUSY'].includes(systemCodeOf(error) ?? '');
      if (!held || attempt >= windowsAttemptsMax) throw error;
      await setTimeout(windowsRetryMs * attempt);
    }
  }
}
