/**
 * Where volumes are kept: a folder, later an object store. Names are lower-case hex. A volume is made by its first
 * write; what was written is durable once `sync` resolved, and then only ever grows.
 * Errors: `limit` when the disk is full, `not-found` for a volume that does not exist, else `unavailable`.
 */
export interface VolumeDisk {
  /** Writes the parts one after another at `position`; a write that failed half-way may be repeated at the same place. */
  write(volume: string, position: number, parts: readonly Uint8Array[]): Promise<void>;
  /** Makes content and name durable. After a failure nothing more may be written to this volume. */
  sync(volume: string): Promise<void>;
  /** Cuts off what lies from `bytes` on, which nobody was told of, and gives its room back. */
  truncate(volume: string, bytes: number): Promise<void>;
  /** Up to `length` bytes, fewer only at the end. */
  read(volume: string, position: number, length: number): Promise<Uint8Array>;
  list(): Promise<readonly VolumeFile[]>;
  /** Removing what does not exist is fine. */
  remove(volume: string): Promise<void>;
}

export interface VolumeFile {
  readonly name: string;
  readonly bytes: number;
}
