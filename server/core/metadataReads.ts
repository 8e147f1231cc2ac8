import type { HistoryQuery, HistoryRow, LaneInfo, SnapshotQuery, StoredSnapshot, WorkspaceInfo } from '../../engine/ports/repository.ts';
import type { SnapshotRecord } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { AccountId, DeviceId, ObjectId, OriginId, WorkspaceId } from '../../protocol/ids.ts';
import type { AccountInfo, DeviceInfo, DeviceLogin, StoredAccount } from './accountStore.ts';
import type { CheckReads } from './checkReads.ts';
import type { DataIdentity } from './metadata.ts';
import type { WrappedRing } from './metadataWrites.ts';

/** Every question there is. Each is answered from one consistent state, and its answer is bounded. */
export interface MetadataReads extends CheckReads {
  identity(): DataIdentity;

  accounts(): readonly AccountInfo[];
  findAccount(query: { readonly name: string } | { readonly id: AccountId }): StoredAccount | undefined;
  devices(account: AccountId): readonly DeviceInfo[];
  findDevice(tokenHash: Uint8Array): DeviceLogin | undefined;

  ring(account: AccountId): WrappedRing | undefined;
  workspaces(account: AccountId): readonly WorkspaceInfo[];
  lanes(query: InWorkspace): readonly LaneInfo[];
  lanesOfOrigin(query: { readonly account: AccountId; readonly origin: OriginId }): readonly LaneInfo[];
  snapshots(query: SnapshotQuery & { readonly account: AccountId }): readonly StoredSnapshot[];
  findSnapshots(query: { readonly account: AccountId; readonly prefix: string }): readonly StoredSnapshot[];
  history(query: HistoryQuery & { readonly account: AccountId }): readonly HistoryRow[];

  /** Positions of the ids (24 bytes each) that are not stored. */
  missing(query: { readonly account: AccountId; readonly ids: Uint8Array }): Uint32Array;
  /** Which of these segments (SHA-256) are stored already; `limit` when the new bytes exceed the quota. */
  knownSegments(query: KnownSegmentsQuery): readonly boolean[];
  /** The first location of each that is not skipped, each segment once, up to the bound of one answer. */
  locate(query: LocateQuery): readonly StoredSegment[];
  /** Segments of trees and lists at and under the roots, breadth first, up to the bound of one answer. */
  under(query: { readonly account: AccountId; readonly roots: readonly ObjectId[]; readonly bytesMax: number }): readonly StoredSegment[];

  volumes(): readonly KnownVolume[];
  inlineTotals(): InlineTotals;
  /** Inline segments from `after` to `upTo` by their number, at least one when there is any. */
  inlineSegments(query: { readonly after: number; readonly upTo: number; readonly bytesMax: number }): readonly InlineSegment[];
  /** What waits to be gathered now, and up to where. */
  gatherSpan(): GatherSpan;
  snapshotsToGather(query: SnapshotsToGather): readonly SnapshotToGather[];
  eventsToGather(query: { readonly after: number; readonly upTo: number; readonly limit: number }): readonly EventToGather[];
}

export interface InWorkspace {
  readonly account: AccountId;
  readonly workspace: WorkspaceId;
}

export interface KnownSegmentsQuery {
  readonly account: AccountId;
  readonly segments: readonly { readonly sha256: Uint8Array; readonly bytes: number }[];
}

export interface LocateQuery {
  readonly account: AccountId;
  readonly ids: readonly ObjectId[];
  /** Hex SHA-256 of segments. */
  readonly skip: readonly string[];
  readonly bytesMax: number;
}

export interface StoredSegment {
  readonly sha256: Uint8Array;
  readonly bytes: number;
  readonly place: StoredPlace;
}

export type StoredPlace =
  | { readonly kind: 'inline'; readonly content: Uint8Array }
  | { readonly kind: 'volume'; readonly volume: string; readonly offset: number };

export interface KnownVolume {
  readonly name: string;
  /** Everything before is durable; 0 when nothing in it is referred to. */
  readonly bytes: number;
}

export interface InlineTotals {
  readonly segments: number;
  readonly bytes: number;
}

export interface InlineSegment {
  readonly segment: number;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly receivedAt: number;
  readonly sha256: Uint8Array;
  readonly content: Uint8Array;
}

/** Everything up to these numbers, and nothing after, is gathered next. */
export interface GatherSpan {
  /** The newest inline segment; 0 for none. */
  readonly segment: number;
  readonly eventAfter: number;
  readonly event: number;
  /** Accounts with snapshots to gather. */
  readonly accounts: readonly { readonly account: AccountId; readonly after: number; readonly seq: number }[];
}

export interface SnapshotsToGather {
  readonly account: AccountId;
  readonly after: number;
  readonly upTo: number;
  readonly bytesMax: number;
}

export interface SnapshotToGather {
  readonly seq: number;
  readonly receivedAt: number;
  readonly record: SnapshotRecord;
  /** Encoded path rows. */
  readonly rows: Uint8Array;
}

export interface EventToGather {
  readonly event: number;
  readonly account: AccountId;
  readonly at: number;
  /** JSON of a StoredEvent. */
  readonly body: string;
}
