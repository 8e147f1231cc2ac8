import type { BytePath } from '../byteString.ts';
import type { SnapshotCounts } from '../snapshot/snapshotTypes.ts';
import type { TreeEntry } from '../tree/treeTypes.ts';
import { compareEntries } from '../diff/compareEntries.ts';
import type { EntryChange } from './planRows.ts';
import { settleEntry } from './settleEntry.ts';

/** What the whole folder holds. */
export type Totals = Pick<SnapshotCounts, 'files' | 'directories' | 'symlinks' | 'bytes'>;

export const noTotals: Totals = { files: 0, directories: 0, symlinks: 0, bytes: 0 };

export interface ChangeSummary {
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesDeleted: number;
  /** How far the totals move. */
  readonly totals: Totals;
  /** Something differs that is more than a time. */
  readonly more: boolean;
  /** The time of a file or link differs. */
  readonly times: boolean;
  /** Paths, of directories too, of which nothing but the time differs. */
  readonly timeOnly: readonly BytePath[];
}

export function summarizeChanges(changes: Iterable<EntryChange>): ChangeSummary {
  const counts = { filesNew: 0, filesChanged: 0, filesDeleted: 0 };
  let totals = noTotals;
  let [more, times] = [false, false];
  const timeOnly: BytePath[] = [];
  for (const { path, before, after } of changes) {
    totals = addTotals(addTotals(totals, before, -1), after, 1);
    const kind = compareEntries(before, after);
    if (before?.kind === 'file' || after?.kind === 'file') {
      if (kind === 'add') counts.filesNew += 1;
      else if (kind === 'delete') counts.filesDeleted += 1;
      else if (kind !== undefined) counts.filesChanged += 1;
    }
    const difference = after === undefined ? 'more' : settleEntry(before, after).difference;
    if (difference === 'more') more = true;
    else if (difference === 'time' && isTimeItself(before, after)) {
      timeOnly.push(path);
      if (after?.kind !== 'directory') times = true;
    }
  }
  return { ...counts, totals, more, times, timeOnly };
}

/** A directory also differs when something in it does; that is not its time. */
function isTimeItself(before: TreeEntry | undefined, after: TreeEntry | undefined): boolean {
  return before?.mtimeNs !== after?.mtimeNs;
}

export function addTotals(totals: Totals, entry: TreeEntry | undefined, sign: 1 | -1 = 1): Totals {
  switch (entry?.kind) {
    case undefined:
      return totals;
    case 'file':
      return { ...totals, files: totals.files + sign, bytes: totals.bytes + sign * entry.size };
    case 'directory':
      return { ...totals, directories: totals.directories + sign };
    case 'symlink':
      return { ...totals, symlinks: totals.symlinks + sign };
    default:
      return entry satisfies never;
  }
}

export function sumTotals(a: Totals, b: Totals): Totals {
  return {
    files: a.files + b.files,
    directories: a.directories + b.directories,
    symlinks: a.symlinks + b.symlinks,
    bytes: a.bytes + b.bytes,
  };
}
