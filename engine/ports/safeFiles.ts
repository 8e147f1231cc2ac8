import type { AbsolutePath, Files, FileStat } from './files.ts';

/**
 * What a restore needs of the disk beyond Files: directories that cannot be exchanged under its hands, and a rename
 * that never replaces.
 */
export interface SafeFiles extends Files {
  /**
   * Opens a directory; a symlink is refused (`ELOOP` or `ENOTDIR`). As long as it is held, paths made from its `path`
   * mean names in this very directory. Where the platform has no such paths, `steady` is false: `path` is the plain
   * one, and a directory exchanged for a link between the check and the use is not noticed.
   */
  hold(path: AbsolutePath): Promise<HeldDirectory>;
  /** `rename`, but rejects with EEXIST when `to` exists. Directories: never replaces anything but an empty one. */
  renameNew(from: AbsolutePath, to: AbsolutePath): Promise<void>;
}

export interface HeldDirectory {
  readonly path: AbsolutePath;
  readonly steady: boolean;
  /** As it was opened. */
  readonly inode: bigint;
  stat(): Promise<FileStat>;
  /** Makes the names in it durable; does nothing where the platform cannot. */
  sync(): Promise<void>;
  /** Does nothing when it is already closed. */
  close(): Promise<void>;
}
