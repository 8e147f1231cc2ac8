import { constants, type Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import type { ByteName } from '../core/byteString.ts';
import type { AbsolutePath, FileKind, Files, FileStat, NewFile, OpenFile } from '../ports/files.ts';
import { listWithStats } from './listWithStats.ts';
import { nativePath } from './nativePath.ts';
import { fileStatOf } from './nodeStat.ts';
import { readWhole } from './readWhole.ts';

const windows = process.platform === 'win32';
/** Absent on Windows, where a link is never opened because only regular files are. */
const noFollow = constants.O_NOFOLLOW ?? 0;
/** A named pipe without a writer would otherwise block a thread for ever. */
const noWait = constants.O_NONBLOCK ?? 0;

/** The local disk through Node. */
export const nodeFiles: Files = {
  join: (directory, ...names) => joinNames(directory, names),
  readDirectory,
  listWithStats,
  lstat,
  readWhole,
  readLink: async (path) => (await fs.readlink(nativePath(path), { encoding: 'buffer' })).toString('latin1'),
  open: async (path) => openFile(await fs.open(nativePath(path), constants.O_RDONLY | noFollow | noWait)),
  async create(path, mode) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
    return newFile(await fs.open(nativePath(path), flags, mode));
  },
  async makeDirectory(path, mode) {
    await fs.mkdir(nativePath(path), { mode });
  },
  makeSymlink: async (path, target) => await fs.symlink(nativePath(target), nativePath(path)),
  rename: async (from, to) => await fs.rename(nativePath(from), nativePath(to)),
  removeFile: async (path) => await fs.unlink(nativePath(path)),
  removeDirectory: async (path) => await fs.rmdir(nativePath(path)),
  setMode,
  async setModified(path, mtimeNs) {
    const time = timeArgument(mtimeNs);
    await fs.lutimes(nativePath(path), time, time);
  },
  syncDirectory,
};

function joinNames(directory: AbsolutePath, names: readonly ByteName[]): AbsolutePath {
  if (names.length === 0) return directory;
  return `${directory.endsWith('/') ? directory : `${directory}/`}${names.join('/')}` as AbsolutePath;
}

async function readDirectory(path: AbsolutePath): Promise<readonly { name: ByteName; kind: FileKind }[]> {
  const entries = await fs.readdir(nativePath(path), { encoding: 'latin1', withFileTypes: true });
  return entries.map((entry) => ({ name: entry.name as ByteName, kind: kindOfEntry(entry) }));
}

function kindOfEntry(entry: Dirent): FileKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'other';
}

async function lstat(path: AbsolutePath): Promise<FileStat> {
  return fileStatOf(await fs.lstat(nativePath(path), { bigint: true }));
}

function openFile(handle: fs.FileHandle): OpenFile {
  return {
    stat: async () => fileStatOf(await handle.stat({ bigint: true })),
    async read(into, position) {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    close: async () => await handle.close(),
  };
}

function newFile(handle: fs.FileHandle): NewFile {
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
    },
    sync: async () => await handle.sync(),
    close: async () => await handle.close(),
  };
}

/** chmod follows links, so the mode is set on what was opened without following. */
async function setMode(path: AbsolutePath, mode: number): Promise<void> {
  if (windows) return;
  const native = nativePath(path);
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(native, constants.O_RDONLY | noFollow | noWait);
  } catch (error) {
    // Not readable yet, and the mode is there to change that: look first, then set it by name.
    const { kind } = await lstat(path);
    if (kind !== 'file' && kind !== 'directory') throw error;
    await fs.chmod(native, mode);
    return;
  }
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

/** Seconds as Node takes them: negative ones only as text (a negative number means "now"). */
function timeArgument(ns: bigint): number | string {
  const seconds = Number(ns / 1_000_000_000n) + Number(ns % 1_000_000_000n) / 1e9;
  return seconds < 0 ? String(seconds) : seconds;
}

async function syncDirectory(path: AbsolutePath): Promise<void> {
  if (windows) return;
  const handle = await fs.open(nativePath(path), constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
