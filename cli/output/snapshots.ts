import type { FormatContext } from '../../engine/core/formatContext.ts';
import { openSnapshotDetails } from '../../engine/core/snapshot/encodeSnapshot.ts';
import type { SnapshotDetails } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { Snapshot } from '../../engine/run/read/snapshots.ts';
import type { JsonDocument } from '../command.ts';

/** The sealed part; undefined for a stub, of which only the header is left. */
export function detailsOf(snapshot: Snapshot, context: FormatContext): SnapshotDetails | undefined {
  return snapshot.stub ? undefined : openSnapshotDetails(snapshot.record, context);
}

/** Everything about one snapshot for programs. */
export function snapshotDocument(snapshot: Snapshot, details: SnapshotDetails | undefined): JsonDocument {
  const { header } = snapshot;
  return {
    snapshot: snapshot.id,
    seq: snapshot.seq,
    receivedAt: snapshot.receivedAt,
    time: header.time,
    trigger: header.trigger,
    partial: header.partial,
    thinned: snapshot.stub,
    device: header.device,
    deviceName: snapshot.deviceName,
    lane: header.lane,
    n: header.n,
    prev: header.prev ?? null,
    parents: header.parents,
    root: header.root,
    ...(details === undefined ? {} : sealedFields(details)),
  };
}

function sealedFields({ message, host, folder, counts, warningsTotal, git }: SnapshotDetails): JsonDocument {
  return {
    message: message ?? null,
    host,
    folder,
    ...counts,
    warningsTotal,
    git: git === undefined ? null : { head: git.head, branch: git.branch ?? null },
  };
}
