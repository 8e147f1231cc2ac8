import { compareEntries } from '../diff/compareEntries.ts';
import { isWithin, rootPath } from '../byteString.ts';
import type { BytePath } from '../byteString.ts';
import type { PathChange } from '../snapshot/pathChange.ts';
import type { ChangeKind } from '../snapshot/snapshotTypes.ts';
import type { TreeEntry } from '../tree/treeTypes.ts';
import { findMoves } from './findMoves.ts';
import type { Move, PlacedEntry } from './findMoves.ts';

/** One path of which the entry is not what it was. */
export interface EntryChange {
  readonly path: BytePath;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
  readonly inodeBefore: bigint | undefined;
  readonly inodeAfter: bigint | undefined;
}

/** The row that stands for everything: of a first snapshot, or when what was before is not known. */
export const everythingBelow: readonly PathChange[] = [{ path: rootPath, kind: 'below' }];

/**
 * The rows of a snapshot, in order of their paths. A moved file is `moved-from` where it is and `delete` where it
 * was; a moved directory is one `moved-from`, and one `below` where it was, whatever it holds. A directory of which
 * only the time differs has no row.
 */
export function planRows(changes: readonly EntryChange[]): readonly PathChange[] {
  const moves = findMoves({ gone: changes.flatMap(gone), came: changes.flatMap(came) });
  const directories = moves.filter(({ kind }) => kind === 'directory');
  const files = new Map(moves.filter(({ kind }) => kind === 'file').map((move) => [move.to, move]));
  const rows: PathChange[] = directories.flatMap(directoryRows);
  for (const { path, before, after } of changes) {
    if (directories.some(({ from, to }) => isWithin(path, to) || isWithin(path, from))) continue;
    const kind = rowKind(before, after);
    const move = files.get(path);
    if (move !== undefined) rows.push({ path, kind: 'moved-from', from: move.from });
    else if (kind !== undefined) rows.push({ path, kind });
  }
  return rows.sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

function directoryRows({ from, to }: Move): readonly PathChange[] {
  return [
    { path: to, kind: 'moved-from', from },
    { path: from, kind: 'below' },
  ];
}

function rowKind(before: TreeEntry | undefined, after: TreeEntry | undefined): ChangeKind | undefined {
  const kind = compareEntries(before, after);
  return kind === 'type' ? 'modify' : kind;
}

function gone({ path, before, after, inodeBefore }: EntryChange): readonly PlacedEntry[] {
  return before !== undefined && after === undefined ? [{ path, entry: before, inode: inodeBefore }] : [];
}

function came({ path, before, after, inodeAfter }: EntryChange): readonly PlacedEntry[] {
  return before === undefined && after !== undefined ? [{ path, entry: after, inode: inodeAfter }] : [];
}
