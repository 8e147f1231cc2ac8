import type { SegmentContent } from '../../engine/core/segment/segmentTypes.ts';
import type { SnapshotHeader, SnapshotRecord } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { CommitRequest, CommitResult } from '../../engine/ports/repository.ts';
import type { AccountId, DeviceId, LaneId, OriginId, SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import type { AccountInfo, DeviceInfo, NewAccount, NewDevice } from './accountStore.ts';
import type { DeviceScope } from './serverCore.ts';

/**
 * Every write there is, one transaction each. An implementation decides with nothing but the request and what is
 * stored, so the same requests in the same order give the same answers. `at` is server time in ms.
 */
export interface MetadataWrites {
  createAccount(request: NewAccount & { readonly id: AccountId; readonly at: number }): AccountInfo;
  setPasswordHash(request: { readonly account: AccountId; readonly passwordHash: string }): void;
  setDisabled(request: { readonly account: AccountId; readonly disabled: boolean }): void;
  setQuota(request: { readonly account: AccountId; readonly quotaBytes: number | undefined }): void;
  createDevice(request: NewDevice & { readonly id: DeviceId; readonly at: number }): DeviceInfo;
  revokeDevice(request: DeviceScope & { readonly at: number }): void;
  /** What the device sent from `since` on (ms) counts as not stored from now on. */
  markCompromised(request: DeviceScope & { readonly since: number }): void;
  touchDevice(request: DeviceScope & { readonly at: number }): void;

  createWorkspace(request: Scoped & { readonly id: WorkspaceId; readonly name: string }): void;
  createLane(request: Scoped & { readonly id: LaneId; readonly workspace: WorkspaceId; readonly origin: OriginId }): void;
  /** Compare-and-swap-if-absent; answers what is stored now. */
  createRing(request: Scoped & { readonly wrapped: Uint8Array }): WrappedRing;

  storeSegments(request: Scoped & { readonly segments: readonly NewSegment[] }): void;
  /** `unfinished`: it took long and others shall have their turn; the same again, without its segments, goes on. */
  commit(request: Scoped & NewCommit): CommitResult | { readonly kind: 'unfinished' };

  /** Notes a volume before its file is made, so that a crash leaves no file that nobody knows. */
  reserveVolume(request: { readonly volume: string; readonly at: number }): void;
  /** Forgets volumes in which nothing is. */
  forgetVolumes(request: { readonly volumes: readonly string[] }): void;
  /** Moves inline segments into volumes; their new places are durable. */
  moveSegments(request: { readonly moves: readonly SegmentMove[]; readonly volumes: readonly VolumeFill[] }): void;
  /** Notes how far records are in volumes, for good. */
  finishGather(request: GatherMarks & { readonly volumes: readonly VolumeFill[] }): void;
}

/** Who asks, and when. */
export interface Scoped {
  readonly scope: DeviceScope;
  readonly at: number;
}

export interface WrappedRing {
  readonly version: number;
  /** Sealed with the master key. */
  readonly wrapped: Uint8Array;
}

/** A checked segment and where its bytes are or shall be. */
export interface NewSegment {
  readonly sha256: Uint8Array;
  readonly content: SegmentContent;
  readonly bytes: number;
  /** Ids of its objects, 24 bytes each, and the number of each one's kind. */
  readonly ids: Uint8Array;
  readonly kinds: Uint8Array;
  /** The clear header of a segment of trees: the closure walk reads child lists from it. */
  readonly header: Uint8Array | undefined;
  readonly place: { readonly kind: 'inline'; readonly content: Uint8Array } | ({ readonly kind: 'volume' } & VolumePlace);
}

export interface VolumePlace {
  readonly volume: string;
  /** Where the segment's first byte is. */
  readonly offset: number;
}

export interface NewCommit {
  readonly record: SnapshotRecord & { readonly sealed: Uint8Array };
  readonly header: SnapshotHeader;
  /** Encoded path rows, checked against the header. */
  readonly rows: Uint8Array;
  readonly segments: readonly NewSegment[];
  readonly advance: CommitRequest['advance'];
}

export interface SegmentMove extends VolumePlace {
  readonly segment: number;
}

/** Everything of a volume before `bytes` is durable and may be referred to. */
export interface VolumeFill {
  readonly volume: string;
  readonly bytes: number;
}

export interface GatherMarks {
  /** The newest gathered `seq` of each account. */
  readonly seqs: readonly { readonly account: AccountId; readonly seq: number }[];
  readonly event: number;
}

/** What the event log keeps of changes that are not snapshots; gathered into volumes like them. */
export type StoredEvent =
  | { readonly kind: 'account'; readonly account: AccountId; readonly name: string }
  | { readonly kind: 'device'; readonly device: DeviceId; readonly name: string }
  | { readonly kind: 'workspace'; readonly workspace: WorkspaceId; readonly name: string }
  | { readonly kind: 'lane'; readonly lane: LaneId; readonly workspace: WorkspaceId; readonly device: DeviceId; readonly origin: OriginId }
  | { readonly kind: 'ring'; readonly version: number; readonly wrapped: string }
  | { readonly kind: 'ref'; readonly workspace: WorkspaceId; readonly ref: string; readonly snapshot: SnapshotId };
