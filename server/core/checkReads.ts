import type { SnapshotRecord } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { AccountId, LaneId, ObjectId, SnapshotId, TreeId } from '../../protocol/ids.ts';
import type { StoredSegment } from './metadataReads.ts';

/** What `check` asks, in pages. Nobody else needs to see everything of everybody. */
export interface CheckReads {
  segmentsToCheck(query: { readonly after: number; readonly bytesMax: number }): readonly SegmentToCheck[];
  /** Those of a segment's objects (24 bytes each) that are not stored, or not located in it. */
  unlocated(query: { readonly segment: number; readonly ids: Uint8Array }): readonly ObjectId[];
  /** How many locations there are in segments up to this number. */
  locationsCount(query: { readonly upTo: number }): number;
  /** Looks at the next objects itself: child lists are long. */
  checkObjects(query: { readonly after: ObjectPosition | undefined; readonly limit: number }): ObjectsChecked;
  /** How much is missing at and under each root, down to closed trees or, trusting nothing, to the end. */
  missingUnder(query: MissingUnderQuery): readonly number[];
  lanesToCheck(): readonly LaneToCheck[];
  /** Of a lane, by number, from `after` on. */
  snapshotsToCheck(query: { readonly lane: number; readonly after: number; readonly limit: number }): readonly SnapshotToCheck[];
  /** Refs that point to no snapshot of their account. */
  danglingRefs(): readonly { readonly account: AccountId; readonly name: string; readonly snapshot: SnapshotId }[];
  rings(): readonly { readonly account: AccountId; readonly version: number; readonly wrapped: Uint8Array }[];
}

export interface MissingUnderQuery {
  readonly account: AccountId;
  /** Whose commits they are, by number. */
  readonly device: number;
  readonly roots: readonly TreeId[];
  readonly trust: 'bits' | 'nothing';
}

export interface SegmentToCheck extends StoredSegment {
  readonly segment: number;
  readonly account: AccountId;
  readonly content: 'data' | 'trees';
  /** Stored beside a segment of trees. */
  readonly header: Uint8Array | undefined;
}

export interface ObjectPosition {
  readonly account: number;
  readonly id: Uint8Array;
}

export interface ObjectsChecked {
  readonly count: number;
  readonly faults: readonly { readonly account: AccountId; readonly object: ObjectId; readonly message: string }[];
  /** Undefined after the last page. */
  readonly next: ObjectPosition | undefined;
}

export interface LaneToCheck {
  readonly lane: number;
  readonly id: LaneId;
  readonly device: number;
  readonly account: AccountId;
  readonly headN: number;
  readonly head: SnapshotId | undefined;
}

export interface SnapshotToCheck {
  readonly seq: number;
  readonly n: number;
  readonly root: TreeId;
  readonly partial: boolean;
  readonly record: SnapshotRecord;
  readonly rows: Uint8Array;
  /** How many of its path rows are indexed. */
  readonly rowsIndexed: number;
}
