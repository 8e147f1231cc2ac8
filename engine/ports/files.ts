import type { ByteName } from '../core/byteString.ts';

/** An absolute path as a byte string (see engine/core/byteString.ts). */
declare const absoluteBrand: unique symbol;
export type AbsolutePath = string & { readonly [absoluteBrand]: true };

export type FileKind = 'file' | 'directory' | 'symlink' | 'other';

export interface FileStat {
  readonly kind: FileKind;
  /** Permission bits, or undefined on a platform without. */
  readonly mode: number | undefined;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
  readonly links: number;
}

/**
 * The local disk, as narrow as scan and restore need it. Never follows a symlink in the last component. All calls
 * reject with the system's error (`code` set: ENOENT, EACCES, …); callers wrap once with what they attempted.
 */
export interface Files {
  join(directory: AbsolutePath, ...names: readonly ByteName[]): AbsolutePath;
  /** Names and kinds in no order; `.` and `..` left out. Kind costs no stat. */
  readDirectory(path: AbsolutePath): Promise<readonly { readonly name: ByteName; readonly kind: FileKind }[]>;
  /**
   * Names and their stats in no order, in one call that works through the directory without a round trip per name
   * (a small multiple of what the disk can do). A name that went away meanwhile is left out. Of each directory is told
   * whether it holds the name `marker`, of each link its target. Refuses to list through a symlink (ENOTDIR).
   */
  listWithStats(path: AbsolutePath, options: ListOptions): Promise<readonly ListedName[]>;
  lstat(path: AbsolutePath): Promise<FileStat>;
  /**
   * The whole content of a regular file in one call, or undefined when it is longer than `bytesMax` or not a regular
   * file. The stats are those of the opened file before and after reading: they differ when it changed meanwhile.
   */
  readWhole(path: AbsolutePath, bytesMax: number): Promise<WholeFile | undefined>;
  /** The target's bytes as a byte string. */
  readLink(path: AbsolutePath): Promise<string>;
  /** Refuses to follow a symlink. */
  open(path: AbsolutePath): Promise<OpenFile>;

  /** Makes a new file that must not exist (never through a symlink). */
  create(path: AbsolutePath, mode: number): Promise<NewFile>;
  makeDirectory(path: AbsolutePath, mode: number): Promise<void>;
  makeSymlink(path: AbsolutePath, target: string): Promise<void>;
  rename(from: AbsolutePath, to: AbsolutePath): Promise<void>;
  removeFile(path: AbsolutePath): Promise<void>;
  /** Only when empty. */
  removeDirectory(path: AbsolutePath): Promise<void>;
  setMode(path: AbsolutePath, mode: number): Promise<void>;
  /** The nearest time the runtime can set; works on symlinks themselves. */
  setModified(path: AbsolutePath, mtimeNs: bigint): Promise<void>;
  /** Makes the names in a directory durable; does nothing where the platform cannot. */
  syncDirectory(path: AbsolutePath): Promise<void>;
}

export interface ListOptions {
  readonly marker: ByteName | undefined;
  readonly signal: AbortSignal;
}

/** One name of a directory; `code` is the system's error when its stat could not be read. */
export type ListedName =
  | { readonly name: ByteName; readonly stat: FileStat; readonly target: string | undefined; readonly marked: boolean }
  | { readonly name: ByteName; readonly stat: undefined; readonly code: string };

export interface WholeFile {
  readonly before: FileStat;
  readonly after: FileStat;
  readonly bytes: Uint8Array;
}

export interface OpenFile {
  stat(): Promise<FileStat>;
  /** Fills `into` from `position` as far as there is content; answers the number of bytes, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface NewFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Content to stable storage. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
