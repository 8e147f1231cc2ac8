import { changedPathsMax, pathRowsMax } from '../../../protocol/limits.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { pathId } from '../../core/paths/pathId.ts';
import { coarsenRows } from '../../core/snapshot/coarsenRows.ts';
import { encodeSnapshot } from '../../core/snapshot/encodeSnapshot.ts';
import { encodePathRows } from '../../core/snapshot/pathRows.ts';
import type { PathChange } from '../../core/snapshot/pathChange.ts';
import type { ChangedPath, SnapshotDetails, Trigger } from '../../core/snapshot/snapshotTypes.ts';
import type { WaitingSnapshot } from '../../core/sync/outboxItem.ts';
import type { ChainPlace } from '../../core/sync/rechain.ts';
import type { Pack } from '../../ports/repository.ts';

export interface NewSnapshot {
  readonly place: ChainPlace;
  readonly root: TreeId;
  readonly trigger: Trigger;
  readonly partial: boolean;
  readonly time: number;
  readonly rows: readonly PathChange[];
  readonly details: SnapshotDetails;
  readonly pack: Pack | undefined;
}

/** A snapshot as it waits to be sent; rows are coarsened to their bound. */
export function makeSnapshot(snapshot: NewSnapshot, context: FormatContext): WaitingSnapshot {
  const { place, root, trigger, partial, time, details, pack } = snapshot;
  const { workspace, lane, device, n, prev } = place;
  const idOf = (path: PathChange['path']): ReturnType<typeof pathId> => pathId(workspace, path, context);
  const rows = encodePathRows(
    coarsenRows(snapshot.rows, pathRowsMax).map(({ path, kind, from }) => ({
      path: idOf(path),
      kind,
      from: from === undefined ? undefined : idOf(from),
    })),
  );
  const parents = prev === undefined ? place.parents : [];
  const rowsHash = context.hasher.sha256(rows);
  const header = { workspace, lane, n, prev, parents, root, trigger, partial, device, time, rowsHash };
  const record = encodeSnapshot(header, details, context);
  return { kind: 'snapshot', record, rows, pack, labelled: details.message !== undefined };
}

/** What a snapshot says to people of what changed: the first paths. */
export function changedPaths(rows: readonly PathChange[]): readonly ChangedPath[] {
  return rows.slice(0, changedPathsMax).map(({ path, kind }) => ({ path, kind }));
}
