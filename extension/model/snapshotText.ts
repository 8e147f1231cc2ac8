import type { Trigger } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { ChangeSummary, HistoryItem, SnapshotSummary } from '../messages/engineCalls.ts';
import type { SnapshotRun } from './snapshotRuns.ts';
import { formatCount, formatTime } from './units.ts';

const triggerTexts = {
  save: 'saved',
  watch: 'changed on disk',
  scan: 'found by a scan',
  burst: 'many changes at once',
  manual: 'pushed by hand',
  schedule: 'scheduled',
  'before-restore': 'before a restore',
  sync: 'synchronised',
  import: 'imported',
  checkpoint: 'unfinished push',
} as const satisfies Readonly<Record<Trigger, string>>;

/** Why a snapshot exists, in a few words. */
export function triggerText({ trigger, partial, message, first }: SnapshotSummary): string {
  if (message !== undefined) return `“${message}”`;
  if (partial) return triggerTexts.checkpoint;
  return first ? 'first backup' : triggerTexts[trigger];
}

/** `3 files changed`, `1 new, 2 deleted`, `everything (1,240 files)`. */
export function countsText({ counts, first, stub }: SnapshotSummary): string {
  if (stub || counts === undefined) return 'thinned out';
  if (first) return `everything, ${formatCount(counts.files, 'file')}`;
  const { filesNew, filesChanged, filesDeleted } = counts;
  if (filesNew === 0 && filesDeleted === 0) return filesChanged === 0 ? 'no file changed' : `${formatCount(filesChanged, 'file')} changed`;
  const parts = [
    filesNew > 0 ? `${filesNew.toLocaleString('en-US')} new` : '',
    filesChanged > 0 ? `${filesChanged.toLocaleString('en-US')} changed` : '',
    filesDeleted > 0 ? `${filesDeleted.toLocaleString('en-US')} deleted` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** What stands behind the time in the tree. */
export function runText({ newest, snapshots }: SnapshotRun): string {
  const versions = snapshots.length > 1 ? ` · ${formatCount(snapshots.length, 'version')}` : '';
  return `${countsText(newest)}${versions} · ${triggerText(newest)}`;
}

export function snapshotTooltip(snapshot: SnapshotSummary): string {
  const { receivedAt, deviceName, warnings, counts, stub } = snapshot;
  const lines = [
    `${formatTime(receivedAt)}, from ${deviceName}: ${countsText(snapshot)}, ${triggerText(snapshot)}`,
    counts === undefined || stub ? '' : `Holds ${formatCount(counts.files, 'file')} in ${formatCount(counts.directories, 'folder')}.`,
    stub ? 'Its content was removed by retention; only its place in history is left.' : '',
    warnings > 0 ? `${formatCount(warnings, 'warning')}: something of the folder could not be kept as it was.` : '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}

const changeTexts = {
  add: 'new',
  modify: 'changed',
  meta: 'time or mode',
  delete: 'deleted',
  type: 'became something else',
  moved: 'moved',
} as const satisfies Readonly<Record<HistoryItem['kind'], string>>;

export function changeText(kind: ChangeSummary['kind'] | HistoryItem['kind']): string {
  return changeTexts[kind];
}
