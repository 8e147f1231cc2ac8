import type { DeviceId, LaneId, SnapshotId, TreeId, WorkspaceId, PathId } from '../../../protocol/ids.ts';
import type { BytePath } from '../byteString.ts';

/** Why a snapshot exists; the number is what the header holds. */
export const triggers = {
  save: 1,
  watch: 2,
  scan: 3,
  burst: 4,
  manual: 5,
  schedule: 6,
  'before-restore': 7,
  sync: 8,
  import: 9,
  checkpoint: 10,
} as const;
export type Trigger = keyof typeof triggers;

/** The clear, immutable part: canonical CBOR, hashed and bound to the sealed part. */
export interface SnapshotHeader {
  readonly workspace: WorkspaceId;
  readonly lane: LaneId;
  /** Counts the snapshots of the lane from 1. */
  readonly n: number;
  /** The lane's snapshot before this one; undefined for the first. */
  readonly prev: SnapshotId | undefined;
  /** Other ancestors: a merge's other side, the head this lane started from. */
  readonly parents: readonly SnapshotId[];
  readonly root: TreeId;
  readonly trigger: Trigger;
  /** A checkpoint of a push that is still going on: restorable, but never `latest` or a merge base. */
  readonly partial: boolean;
  readonly device: DeviceId;
  /** The client's clock, ms since the epoch: for people only, never for decisions. */
  readonly time: number;
  /** Seal epoch of the sealed part. */
  readonly epoch: number;
  /** SHA-256 of the encoded path rows, 32 bytes. */
  readonly rowsHash: Uint8Array;
}

/** The sealed part: only who holds the keys reads it. */
export interface SnapshotDetails {
  readonly message: string | undefined;
  readonly host: string;
  /** The folder's absolute path on that host, as text for people. */
  readonly folder: string;
  readonly counts: SnapshotCounts;
  readonly warnings: readonly SnapshotWarning[];
  /** Warnings beyond the bound are counted only. */
  readonly warningsTotal: number;
  readonly changed: readonly ChangedPath[];
  readonly git: { readonly head: string; readonly branch: string | undefined } | undefined;
}

export interface SnapshotCounts {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  /** Bytes of all files as read. */
  readonly bytes: number;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesDeleted: number;
}

/** Something of the folder that this snapshot does not hold as it was on disk. */
export interface SnapshotWarning {
  readonly path: BytePath;
  readonly kind: WarningKind;
}

export const warningKinds = [
  'unreadable',
  'changed-while-read',
  'not-a-file',
  'name-too-long',
  'path-too-long',
  'too-large',
  'hard-link',
  'locked',
  'gone-on-server',
] as const;
export type WarningKind = (typeof warningKinds)[number];

export interface ChangedPath {
  readonly path: BytePath;
  readonly kind: ChangeKind;
}

export const changeKinds = { add: 1, modify: 2, meta: 3, delete: 4, 'moved-from': 5, below: 6 } as const;
export type ChangeKind = keyof typeof changeKinds;

/** One row of the path index; a hint that clients verify against trees. */
export interface PathRow {
  readonly path: PathId;
  readonly kind: ChangeKind;
  /** For `moved-from`: the path id it had before. */
  readonly from: PathId | undefined;
}

/** A snapshot's bytes as made once by its writer; stored and sent verbatim, never re-encoded. */
export interface SnapshotRecord {
  readonly id: SnapshotId;
  readonly header: Uint8Array;
  /** Undefined for a stub: then only its hash is left. */
  readonly sealed: Uint8Array | undefined;
  readonly sealedHash: Uint8Array;
}
