import type { DeviceId, LaneId, SnapshotId, WorkspaceId } from '../../../protocol/ids.ts';
import { changedPathsMax, pathRowsMax } from '../../../protocol/limits.ts';
import { rootPath } from '../byteString.ts';
import type { FormatContext } from '../formatContext.ts';
import { pathId } from '../paths/pathId.ts';
import { encodeSnapshot, openSnapshotDetails } from '../snapshot/encodeSnapshot.ts';
import { decodePathRows, encodePathRows } from '../snapshot/pathRows.ts';
import { decodeSnapshotHeader } from '../snapshot/snapshotHeader.ts';
import type { ChangedPath, PathRow, SnapshotHeader } from '../snapshot/snapshotTypes.ts';
import type { WaitingSnapshot } from './outboxItem.ts';

/** Where a chain of snapshots hangs, or is to hang. */
export interface ChainPlace {
  readonly workspace: WorkspaceId;
  readonly lane: LaneId;
  readonly device: DeviceId;
  readonly n: number;
  readonly prev: SnapshotId | undefined;
  /** Of the lane's first snapshot only. */
  readonly parents: readonly SnapshotId[];
}

/** What a snapshot takes over from those that were folded into it. */
export interface FoldedChanges {
  readonly rows: readonly PathRow[];
  readonly changed: readonly ChangedPath[];
}

export const nothingFolded: FoldedChanges = { rows: [], changed: [] };

/** The same state at another place of its lane, or in another lane or workspace; unchanged when nothing differs. */
export function rechain(
  snapshot: WaitingSnapshot,
  { place, folded }: { readonly place: ChainPlace; readonly folded: FoldedChanges },
  context: FormatContext,
): WaitingSnapshot {
  const header = decodeSnapshotHeader(snapshot.record.header);
  const parents = parentsAt(place, header);
  const same = placeKey(header, header.parents) === placeKey(place, parents) && folded.rows.length + folded.changed.length === 0;
  if (same) return snapshot;
  const { workspace, lane, device, n, prev } = place;
  // Path ids belong to a workspace: in another one, the rows can only say that something changed.
  const own = header.workspace === workspace ? decodePathRows(snapshot.rows) : everything(workspace, context);
  const rows = encodePathRows(mergeRows([...folded.rows, ...own], workspace, context));
  const moved = { ...header, workspace, lane, device, n, prev, parents, rowsHash: context.hasher.sha256(rows) };
  const details = openSnapshotDetails(snapshot.record, context);
  const changed = mergeChanged(folded.changed, details.changed);
  return { ...snapshot, record: encodeSnapshot(moved, { ...details, changed }, context), rows };
}

/** What a snapshot leaves behind when it folds into the next one. */
export function foldInto(folded: FoldedChanges, snapshot: WaitingSnapshot, context: FormatContext): FoldedChanges {
  const { workspace } = decodeSnapshotHeader(snapshot.record.header);
  return {
    rows: mergeRows([...folded.rows, ...decodePathRows(snapshot.rows)], workspace, context),
    changed: mergeChanged(folded.changed, openSnapshotDetails(snapshot.record, context).changed),
  };
}

/** The parents of a lane's first snapshot are the lane's; a later one's are of a merge and stay. */
function parentsAt(place: ChainPlace, header: SnapshotHeader): readonly SnapshotId[] {
  if (place.prev === undefined) return place.parents;
  return header.prev === undefined ? [] : header.parents;
}

function placeKey({ workspace, lane, device, n, prev }: Omit<ChainPlace, 'parents'>, parents: readonly SnapshotId[]): string {
  return [workspace, lane, device, n, prev, ...parents].join();
}

function mergeRows(rows: readonly PathRow[], workspace: WorkspaceId, context: FormatContext): readonly PathRow[] {
  const merged = new Map(rows.map((row) => [`${row.path} ${row.kind}`, row]));
  return merged.size > pathRowsMax ? everything(workspace, context) : [...merged.values()];
}

function everything(workspace: WorkspaceId, context: FormatContext): readonly PathRow[] {
  return [{ path: pathId(workspace, rootPath, context), kind: 'below', from: undefined }];
}

function mergeChanged(older: readonly ChangedPath[], newer: readonly ChangedPath[]): readonly ChangedPath[] {
  const merged = new Map([...older, ...newer].map((changed) => [changed.path, changed]));
  return [...merged.values()].slice(0, changedPathsMax);
}
