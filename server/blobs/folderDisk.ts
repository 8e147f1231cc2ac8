import { open, readdir, rm, stat, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError, systemCodeOf } from '../../base/errors.ts';
import { syncFolder } from '../../engine/platform/writeAtomically.ts';
import { diskFull, isDiskFullCode } from '../core/diskFull.ts';
import { makeFolder } from '../core/makeFolder.ts';
import type { VolumeDisk, VolumeFile } from '../core/volumeDisk.ts';

const suffix = '.volume';
const namePattern = /^([0-9a-f]+)\.volume$/;

interface Writing {
  readonly volume: string;
  readonly file: FileHandle;
  folderSynced: boolean;
}

/** A file per volume in one folder. The handle of the volume written last stays open. */
export class FolderDisk implements VolumeDisk {
  readonly #folder: string;
  #writing: Writing | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<FolderDisk> {
    await wrap('make the folder of volumes', makeFolder(folder));
    return new FolderDisk(folder);
  }

  /** Reads only, and makes nothing. */
  static reader(folder: string): Pick<VolumeDisk, 'read' | 'list'> {
    return new FolderDisk(folder);
  }

  async write(volume: string, position: number, parts: readonly Uint8Array[]): Promise<void> {
    const { file } = await this.#openForWriting(volume);
    await wrap('write a volume', writeAll(file, position, parts));
  }

  async sync(volume: string): Promise<void> {
    const writing = await this.#openForWriting(volume);
    await wrap('flush a volume', writing.file.datasync());
    if (writing.folderSynced) return;
    await wrap('flush the folder of volumes', syncFolder(this.#folder));
    writing.folderSynced = true;
  }

  async truncate(volume: string, bytes: number): Promise<void> {
    if (this.#writing?.volume === volume) return wrap('cut a volume', this.#writing.file.truncate(bytes));
    return wrap('cut a volume', truncate(this.#path(volume), bytes));
  }

  async read(volume: string, position: number, length: number): Promise<Uint8Array> {
    return wrap('read a volume', readRange(this.#path(volume), position, length));
  }

  async list(): Promise<readonly VolumeFile[]> {
    const names = await wrap('list the volumes', readdir(this.#folder));
    const files: VolumeFile[] = [];
    for (const fileName of names) {
      const name = namePattern.exec(fileName)?.[1];
      if (name !== undefined) files.push({ name, bytes: (await wrap('look at a volume', stat(this.#path(name)))).size });
    }
    return files;
  }

  async remove(volume: string): Promise<void> {
    if (this.#writing?.volume === volume) await this.close();
    await wrap('remove a volume', rm(this.#path(volume), { force: true }));
  }

  async close(): Promise<void> {
    const writing = this.#writing;
    this.#writing = undefined;
    await writing?.file.close();
  }

  async #openForWriting(volume: string): Promise<Writing> {
    if (this.#writing?.volume === volume) return this.#writing;
    await this.close();
    const file = await wrap('open a volume', openOrCreate(this.#path(volume)));
    this.#writing = { volume, file, folderSynced: false };
    return this.#writing;
  }

  #path(volume: string): string {
    return join(this.#folder, volume + suffix);
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    return open(path, 'wx+', 0o600);
  }
}

async function writeAll(file: FileHandle, position: number, parts: readonly Uint8Array[]): Promise<void> {
  let at = position;
  // The kernel takes at most 1,024 parts a call, and may take fewer bytes than it was given.
  for (let i = 0; i < parts.length; i += 512) {
    let left = parts.slice(i, i + 512).filter(({ length }) => length > 0);
    while (left.length > 0) {
      const { bytesWritten } = await file.writev(left, at);
      at += bytesWritten;
      left = after(left, bytesWritten);
    }
  }
}

/** What is left of the parts behind their first `bytes`. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const left: Uint8Array[] = [];
  for (const part of parts) {
    if (skip < part.length) left.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return left;
}

async function readRange(path: string, position: number, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) return bytes.subarray(0, done);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function wrap<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = systemCodeOf(error);
    const options = { cause: error };
    if (isDiskFullCode(code) || code === 'EFBIG') throw diskFull(options);
    if (code === 'ENOENT') throw new BackupError('not-found', `Could not ${doing}: it is not there.`, {}, options);
    // The system's own message names the path, which is no client's business; the log has it.
    throw new BackupError('unavailable', `Could not ${doing}: ${code ?? 'unknown reason'}.`, {}, options);
  }
}
