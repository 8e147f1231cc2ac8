import { ancestorsOf, isWithin, nameOfPath, parentPath } from '../byteString.ts';
import type { BytePath } from '../byteString.ts';
import type { TreeEntry } from '../tree/treeTypes.ts';

/** A path that came or went, what it is or was, and the inode it has or had, where that is known. */
export interface PlacedEntry {
  readonly path: BytePath;
  readonly entry: TreeEntry;
  readonly inode: bigint | undefined;
}

export interface Move {
  readonly kind: 'file' | 'directory';
  readonly from: BytePath;
  readonly to: BytePath;
}

/** What went and what came between two states; of a directory, everything under it too. */
export interface ComingsAndGoings {
  readonly gone: readonly PlacedEntry[];
  readonly came: readonly PlacedEntry[];
}

/** A directory moved when at least this share of the files that it has or had moved with it. */
const directoryShareMin = 0.5;

/**
 * Which of them are the same thing at another place. Files: same inode and size, then content that only one gone and
 * one new file have (never empty). Directories: most files moved to the same names under one new directory; then
 * only the topmost is answered, and files that moved with it are not. Order: by where they are now.
 */
export function findMoves(change: ComingsAndGoings): readonly Move[] {
  const files = pairFiles(change);
  const directories = topmost(pairDirectories(change, files));
  const left = files.filter(({ from, to }) => !directories.some((moved) => movedWith({ from, to }, moved)));
  return [...directories, ...left].sort((a, b) => (a.to < b.to ? -1 : 1));
}

/** Whether a move is part of that of a directory. */
function movedWith({ from, to }: Pick<Move, 'from' | 'to'>, directory: Move): boolean {
  return isWithin(to, directory.to) && isWithin(from, directory.from) && to.slice(directory.to.length) === from.slice(directory.from.length);
}

function pairFiles({ gone, came }: ComingsAndGoings): readonly Move[] {
  const moves: Move[] = [];
  const [oldFiles, newFiles] = [gone, came].map((entries) => new Set(entries.filter(({ entry }) => entry.kind === 'file')));
  for (const keyOf of [inodeKey, contentKey]) {
    const olds = uniqueBy(oldFiles!, keyOf);
    for (const [key, now] of uniqueBy(newFiles!, keyOf)) {
      const before = olds.get(key);
      if (before === undefined) continue;
      moves.push({ kind: 'file', from: before.path, to: now.path });
      oldFiles!.delete(before);
      newFiles!.delete(now);
    }
  }
  return moves;
}

function inodeKey({ entry, inode }: PlacedEntry): string | undefined {
  return entry.kind === 'file' && inode !== undefined ? `${inode} ${entry.size}` : undefined;
}

function contentKey({ entry }: PlacedEntry): string | undefined {
  if (entry.kind !== 'file' || entry.size === 0) return undefined;
  return entry.content.kind === 'list' ? entry.content.list : entry.content.chunks.join();
}

/** Those whose key no other has. */
function uniqueBy(entries: Iterable<PlacedEntry>, keyOf: (entry: PlacedEntry) => string | undefined): ReadonlyMap<string, PlacedEntry> {
  const found = new Map<string, PlacedEntry | undefined>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key !== undefined) found.set(key, found.has(key) ? undefined : entry);
  }
  const unique = new Map<string, PlacedEntry>();
  for (const [key, entry] of found) if (entry !== undefined) unique.set(key, entry);
  return unique;
}

/** Pairs of directories between which files moved and kept their names, as far as those are most of their files. */
function pairDirectories({ gone, came }: ComingsAndGoings, files: readonly Move[]): readonly Move[] {
  const [goneCounts, cameCounts] = [filesUnder(gone), filesUnder(came)];
  const votes = new Map<string, { readonly from: BytePath; readonly to: BytePath; count: number }>();
  for (const { from, to } of files) {
    for (const pair of directoryPairs(from, to)) {
      if (!goneCounts.has(pair.from) || !cameCounts.has(pair.to)) break;
      const key = `${pair.from}\0${pair.to}`;
      const vote = votes.get(key);
      if (vote === undefined) votes.set(key, { ...pair, count: 1 });
      else vote.count += 1;
    }
  }
  const moves: Move[] = [];
  for (const { from, to, count } of votes.values()) {
    const most = Math.max(goneCounts.get(from) ?? 0, cameCounts.get(to) ?? 0);
    if (count >= directoryShareMin * most) moves.push({ kind: 'directory', from, to });
  }
  return moves;
}

/** The directories above two paths, upward as long as what is below has the same names. */
function* directoryPairs(from: BytePath, to: BytePath): Generator<{ readonly from: BytePath; readonly to: BytePath }> {
  let [oldPath, newPath] = [from, to];
  while (nameOfPath(oldPath) === nameOfPath(newPath) && oldPath.includes('/') && newPath.includes('/')) {
    [oldPath, newPath] = [parentPath(oldPath), parentPath(newPath)];
    if (oldPath === newPath) return;
    yield { from: oldPath, to: newPath };
  }
}

/** How many files each directory that wholly came or went holds. */
function filesUnder(entries: readonly PlacedEntry[]): ReadonlyMap<BytePath, number> {
  const counts = new Map<BytePath, number>();
  for (const { path, entry } of entries) if (entry.kind === 'directory') counts.set(path, 0);
  for (const { path, entry } of entries) {
    if (entry.kind !== 'file') continue;
    for (const directory of ancestorsOf(path)) {
      const count = counts.get(directory);
      if (count !== undefined) counts.set(directory, count + 1);
    }
  }
  return counts;
}

/** Those that did not move as part of another; each old and each new directory at most once. */
function topmost(directories: readonly Move[]): readonly Move[] {
  const chosen: Move[] = [];
  for (const move of directories.toSorted((a, b) => a.to.length - b.to.length || (a.to < b.to ? -1 : 1))) {
    const overlaps = chosen.some(({ from, to }) => isWithin(move.to, to) || isWithin(move.from, from) || isWithin(from, move.from));
    if (!overlaps) chosen.push(move);
  }
  return chosen;
}
