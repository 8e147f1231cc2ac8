import type {
  DeviceId,
  InstanceId,
  LaneId,
  ObjectId,
  OriginId,
  PackId,
  PathId,
  SnapshotId,
  WorkspaceId,
} from '../../protocol/ids.ts';
import type { ChangeKind, SnapshotRecord } from '../core/snapshot/snapshotTypes.ts';

export interface CallOptions {
  readonly signal: AbortSignal;
}

/**
 * One account's store as one device sees it. The memory store, the server's core and the HTTP client all implement
 * it and pass the same suite (engine/testing/repositorySuite.ts); retry, cache and faults are wrapped around it.
 * Every write is idempotent: the same call again changes nothing and answers the same.
 * Errors: `unavailable` (retried by the wrapper only), `denied`, `limit`, `invalid`, `not-found`, `corrupt`.
 */
export interface Repository {
  /** The server's incarnation as of the newest answer. */
  instance(options: CallOptions): Promise<InstanceId>;

  workspaces(options: CallOptions): Promise<readonly WorkspaceInfo[]>;
  /** Errors: `conflict` when the name is taken by another id; the same id and name again is fine. */
  createWorkspace(workspace: { readonly id: WorkspaceId; readonly name: string }, options: CallOptions): Promise<void>;
  lanes(workspace: WorkspaceId, options: CallOptions): Promise<readonly LaneInfo[]>;
  /** The lanes of all workspaces that back up this folder of this host, newest head first. */
  lanesOfOrigin(origin: OriginId, options: CallOptions): Promise<readonly LaneInfo[]>;
  /** Registers a lane of this device. Errors: `conflict` when the id is another device's. */
  createLane(
    lane: { readonly id: LaneId; readonly workspace: WorkspaceId; readonly origin: OriginId },
    options: CallOptions,
  ): Promise<void>;

  /**
   * Which of at most `missingIdsMax` objects the account lacks. A hint without side effects: unclosed uploads count
   * as present, trash as missing.
   */
  missing(ids: readonly ObjectId[], options: CallOptions): Promise<ReadonlySet<ObjectId>>;
  putPack(pack: Pack, options: CallOptions): Promise<void>;
  commit(request: CommitRequest, options: CallOptions): Promise<CommitResult>;

  /**
   * Sealed segments, at most `packBytesMax` together (at least one when any is found). The caller sees what it got
   * and asks again for the rest: every call makes progress until nothing named is left or found.
   */
  fetch(request: FetchRequest, options: CallOptions): Promise<readonly Uint8Array[]>;
  /** Pages of snapshots and stubs, newest first by `seq`. */
  snapshots(query: SnapshotQuery, options: CallOptions): Promise<readonly StoredSnapshot[]>;
  /** The snapshots of which the id starts with a hex prefix (at most 2 answered: enough to see ambiguity). */
  findSnapshots(query: { readonly prefix: string }, options: CallOptions): Promise<readonly StoredSnapshot[]>;
  /** Path rows that concern one path, newest first by `seq`. */
  history(query: HistoryQuery, options: CallOptions): Promise<readonly HistoryRow[]>;
}

export interface WorkspaceInfo {
  readonly id: WorkspaceId;
  readonly name: string;
  /** Server time, ms. */
  readonly createdAt: number;
  /** Of its newest complete snapshot over all lanes; undefined before the first. */
  readonly latest: { readonly snapshot: SnapshotId; readonly seq: number; readonly receivedAt: number } | undefined;
}

export interface LaneInfo {
  readonly id: LaneId;
  readonly workspace: WorkspaceId;
  readonly device: DeviceId;
  readonly deviceName: string;
  readonly origin: OriginId;
  readonly head: LaneHead | undefined;
}

export interface LaneHead {
  readonly n: number;
  readonly id: SnapshotId;
}

export interface Pack {
  readonly id: PackId;
  readonly bytes: Uint8Array;
}

export interface CommitRequest {
  readonly record: SnapshotRecord;
  /** Encoded path rows, of which the header holds the hash. */
  readonly rows: Uint8Array;
  /** Segments that travel in the same request. */
  readonly pack: Pack | undefined;
  /** Moves a ref after the commit when it still points to `expect` (undefined: when it does not exist). */
  readonly advance: { readonly ref: string; readonly expect: SnapshotId | undefined } | undefined;
}

export type CommitResult =
  | {
      readonly kind: 'committed';
      readonly seq: number;
      /** Server time, ms. */
      readonly receivedAt: number;
      /** Everything up to this seq is in volumes; the client may drop what it kept of it. */
      readonly gatheredSeq: number;
      readonly advanced: boolean;
      /** The ref's value after the call, when `advance` was asked. */
      readonly ref: SnapshotId | undefined;
    }
  /** The lane's head is not `prev`. */
  | { readonly kind: 'stale'; readonly head: LaneHead | undefined }
  /** Closure fails: these are not stored (bounded; upload them and commit again). */
  | { readonly kind: 'missing'; readonly ids: readonly ObjectId[] };

export type FetchRequest =
  /** The segments that hold these objects. `skip` names segments (hex SHA-256) whose copy was found wrong. */
  | { readonly kind: 'objects'; readonly ids: readonly ObjectId[]; readonly skip?: readonly string[] }
  /** The segments of all trees and lists at and under these, breadth first. */
  | { readonly kind: 'under'; readonly roots: readonly ObjectId[] };

export interface SnapshotQuery {
  readonly workspace: WorkspaceId;
  /** Only snapshots with a smaller `seq`. */
  readonly before: number | undefined;
  readonly limit: number;
}

export interface StoredSnapshot {
  readonly workspace: WorkspaceId;
  readonly seq: number;
  /** Server time, ms. */
  readonly receivedAt: number;
  readonly deviceName: string;
  readonly record: SnapshotRecord;
}

export interface HistoryQuery {
  readonly workspace: WorkspaceId;
  readonly path: PathId;
  /** Directories above it: their `below` and `moved-from` rows concern it too. At most `historyAncestorsMax`. */
  readonly ancestors: readonly PathId[];
  readonly before: number | undefined;
  readonly limit: number;
}

export interface HistoryRow {
  readonly path: PathId;
  readonly kind: ChangeKind;
  readonly from: PathId | undefined;
  readonly seq: number;
  readonly snapshot: SnapshotId;
}
