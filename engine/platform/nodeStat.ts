import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileKind, FileStat } from '../ports/files.ts';

const windows = process.platform === 'win32';

/** What the port says of a file, from Node's exact stat. */
export function fileStatOf(stats: BigIntStats): FileStat {
  const mode = Number(stats.mode);
  return {
    kind: kindOf(mode),
    mode: windows ? undefined : mode & 0o7777,
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
    device: stats.dev,
    links: Number(stats.nlink),
  };
}

function kindOf(mode: number): FileKind {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file';
    case constants.S_IFDIR:
      return 'directory';
    case constants.S_IFLNK:
      return 'symlink';
    default:
      return 'other';
  }
}
