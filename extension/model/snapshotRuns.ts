import type { SnapshotSummary } from '../messages/engineCalls.ts';
import { dayKey } from './units.ts';

/** Saves of the same files that follow each other within this time are shown as one line. */
const runGapMsMax = 5 * 60_000;
const runPathsMax = 3;

/** Snapshots that the tree shows as one line, newest first; mostly one. */
export interface SnapshotRun {
  readonly newest: SnapshotSummary;
  readonly snapshots: readonly SnapshotSummary[];
}

export interface SnapshotDay {
  /** `2026-03-01` */
  readonly key: string;
  readonly label: string;
  readonly runs: readonly SnapshotRun[];
  /** Of snapshots. */
  readonly count: number;
}

/** Groups snapshots, newest first, by local days, and folds runs of saves of the same files. */
export function groupByDay(snapshots: readonly SnapshotSummary[], now: number): readonly SnapshotDay[] {
  const days = Map.groupBy(snapshots, ({ receivedAt }) => dayKey(receivedAt));
  return Array.from(days, ([key, items]) => ({ key, label: dayLabel(items[0]!.receivedAt, now), runs: foldRuns(items), count: items.length }));
}

export function foldRuns(snapshots: readonly SnapshotSummary[]): readonly SnapshotRun[] {
  const runs: { newest: SnapshotSummary; snapshots: SnapshotSummary[] }[] = [];
  for (const snapshot of snapshots) {
    const run = runs.at(-1);
    if (run !== undefined && belongs(snapshot, run.snapshots.at(-1)!)) run.snapshots.push(snapshot);
    else runs.push({ newest: snapshot, snapshots: [snapshot] });
  }
  return runs;
}

export function dayLabel(ms: number, now: number): string {
  const key = dayKey(ms);
  if (key === dayKey(now)) return 'Today';
  const at = new Date(now);
  const yesterday = new Date(at.getFullYear(), at.getMonth(), at.getDate() - 1).getTime();
  if (key === dayKey(yesterday)) return 'Yesterday';
  return new Date(ms).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
}

function belongs(older: SnapshotSummary, newer: SnapshotSummary): boolean {
  const paths = new Set(newer.changed);
  return (
    isSaved(older) &&
    isSaved(newer) &&
    older.deviceName === newer.deviceName &&
    newer.receivedAt - older.receivedAt <= runGapMsMax &&
    paths.size > 0 &&
    paths.size <= runPathsMax &&
    older.changed.length === newer.changed.length &&
    older.changed.every((path) => paths.has(path))
  );
}

/** A person's own snapshots, first ones and those with a message stand for themselves. */
function isSaved({ trigger, message, first, counts }: SnapshotSummary): boolean {
  return (trigger === 'save' || trigger === 'watch') && message === undefined && !first && counts?.filesDeleted === 0;
}
