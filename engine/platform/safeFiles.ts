import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { systemCodeOf } from '../../base/errors.ts';
import type { AbsolutePath, Files, FileStat } from '../ports/files.ts';
import type { HeldDirectory, SafeFiles } from '../ports/safeFiles.ts';
import { nativePath } from './nativePath.ts';
import { nodeFiles } from './nodeFiles.ts';
import { fileStatOf } from './nodeStat.ts';

const windows = process.platform === 'win32';
const directoryFlags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);
/** What a file system answers that has no hard links. */
const noLinksCodes = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EACCES']);

/** Files with what a restore needs beyond them. */
export function createSafeFiles(files: Files): SafeFiles {
  /** Whether /proc leads to open directories here; found out with the first of them. */
  let direct: Promise<boolean> | undefined;
  const isDirect: IsDirect = async (path, stat) => await (direct ??= leadsTo(path, stat));
  return {
    ...files,
    hold: async (path) => await holdDirectory(path, { files, isDirect }),
    renameNew: async (from, to) => await renameNew(files, from, to),
  };
}

/** The local disk. */
export const safeFiles: SafeFiles = createSafeFiles(nodeFiles);

type IsDirect = (path: AbsolutePath, stat: FileStat) => Promise<boolean>;

async function holdDirectory(
  path: AbsolutePath,
  { files, isDirect }: { readonly files: Files; readonly isDirect: IsDirect },
): Promise<HeldDirectory> {
  if (windows) return await nameDirectory(files, path);
  const handle = await fs.open(nativePath(path), directoryFlags);
  let open = true;
  // With the dot, because without it the last component is a link, which listings refuse.
  const direct = `/proc/self/fd/${handle.fd}/.` as AbsolutePath;
  try {
    const stat = fileStatOf(await handle.stat({ bigint: true }));
    const steady = process.platform === 'linux' && (await isDirect(direct, stat));
    return {
      path: steady ? direct : path,
      steady,
      inode: stat.inode,
      stat: async () => fileStatOf(await handle.stat({ bigint: true })),
      sync: async () => await handle.sync(),
      async close() {
        if (!open) return;
        open = false;
        await handle.close();
      },
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether /proc is there and means what it says (it may be missing in a container). */
async function leadsTo(path: AbsolutePath, { inode, device }: { readonly inode: bigint; readonly device: bigint }): Promise<boolean> {
  try {
    const stats = await fs.stat(path, { bigint: true });
    return stats.ino === inode && stats.dev === device;
  } catch {
    return false; // No /proc: plain paths are used instead.
  }
}

/** Windows cannot open a directory by a handle that Node gives out: it is looked at by name. */
async function nameDirectory(files: Files, path: AbsolutePath): Promise<HeldDirectory> {
  const stat = await files.lstat(path);
  if (stat.kind !== 'directory') throw Object.assign(new Error('Not a directory.'), { code: 'ENOTDIR' });
  return {
    path,
    steady: false,
    inode: stat.inode,
    stat: async () => await files.lstat(path),
    sync: async () => await files.syncDirectory(path),
    close: async () => undefined,
  };
}

/** A link fails when the name exists, whatever happens meanwhile; a rename would replace silently. */
async function renameNew(files: Files, from: AbsolutePath, to: AbsolutePath): Promise<void> {
  // Linux links a link itself and refuses directories; others may link to what it leads to, so they look first.
  const linkable = process.platform === 'linux' || (await files.lstat(from)).kind === 'file';
  if (linkable && (await linkedTo(from, to))) {
    await files.removeFile(from);
    return;
  }
  const { kind } = await files.lstat(from);
  await requireAbsent(files, { path: to, unlessEmptyDirectory: kind === 'directory' });
  await files.rename(from, to);
}

async function linkedTo(from: AbsolutePath, to: AbsolutePath): Promise<boolean> {
  try {
    await fs.link(nativePath(from), nativePath(to));
    return true;
  } catch (error) {
    if (noLinksCodes.has(systemCodeOf(error) ?? '')) return false;
    throw error;
  }
}

async function requireAbsent(
  files: Files,
  { path, unlessEmptyDirectory }: { readonly path: AbsolutePath; readonly unlessEmptyDirectory: boolean },
): Promise<void> {
  try {
    const { kind } = await files.lstat(path);
    if (unlessEmptyDirectory && kind === 'directory') return; // rename(2) itself refuses one that is not empty.
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return;
    throw error;
  }
  throw Object.assign(new Error('The name is taken.'), { code: 'EEXIST' });
}
