import { sameMode } from '../diff/compareEntries.ts';

/** What something on disk was when it was looked at: enough to see later whether anybody touched it. */
export type Mark = FileMark | LinkMark | DirectoryMark;

export interface FileMark {
  readonly kind: 'file';
  readonly mode: number | undefined;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly inode: bigint;
}

export interface LinkMark {
  readonly kind: 'symlink';
  /** Bytes as a byte string. */
  readonly target: string;
  readonly inode: bigint;
}

/** A directory with all that is in it: a hash over the marks of everything beneath, times of directories left out. */
export interface DirectoryMark {
  readonly kind: 'directory';
  readonly digest: string;
}

/** Whether nothing was done to it in between. A rename keeps a mark. */
export function sameMark(a: Mark, b: Mark): boolean {
  switch (a.kind) {
    case 'file':
      return b.kind === 'file' && a.inode === b.inode && a.size === b.size && a.mtimeNs === b.mtimeNs && sameMode(a.mode, b.mode);
    case 'symlink':
      return b.kind === 'symlink' && a.inode === b.inode && a.target === b.target;
    case 'directory':
      return b.kind === 'directory' && a.digest === b.digest;
    default:
      return a satisfies never;
  }
}

/** One line of what a directory's digest is made of; `path` is relative to the directory. */
export function markLine(path: string, mark: FileMark | LinkMark | { readonly kind: 'directory' | 'other' }): string {
  switch (mark.kind) {
    case 'file':
      return JSON.stringify([path, 'f', mark.mode ?? -1, mark.size, String(mark.mtimeNs), String(mark.inode)]);
    case 'symlink':
      return JSON.stringify([path, 'l', mark.target, String(mark.inode)]);
    default:
      return JSON.stringify([path, mark.kind]);
  }
}
