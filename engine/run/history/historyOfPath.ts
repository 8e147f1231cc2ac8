import type { PathId } from '../../../protocol/ids.ts';
import { historyPageMax } from '../../../protocol/limits.ts';
import { ancestorsOf } from '../../core/byteString.ts';
import type { BytePath } from '../../core/byteString.ts';
import { compareEntries } from '../../core/diff/compareEntries.ts';
import type { DifferenceKind } from '../../core/diff/compareEntries.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { pathId } from '../../core/paths/pathId.ts';
import type { TreeEntry } from '../../core/tree/treeTypes.ts';
import type { HistoryRow } from '../../ports/repository.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import type { Snapshot, SnapshotScope } from '../read/snapshots.ts';
import { findSource } from './findSource.ts';
import { SnapshotChain } from './snapshotChain.ts';

/** One snapshot that changed a path. */
export interface HistoryEntry {
  readonly snapshot: Snapshot;
  /** What the path was called in that snapshot. */
  readonly path: BytePath;
  /** `moved`: it was at `from` before, and goes on there. */
  readonly kind: DifferenceKind | 'moved';
  readonly from: BytePath | undefined;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

export interface HistoryParts {
  readonly scope: SnapshotScope;
  readonly reader: ObjectReader;
  readonly context: FormatContext;
}

/**
 * Every snapshot that changed `path`, newest first, over all lanes; when it came from elsewhere, its history there.
 * The rows of the path index only say where to look: each answer is settled by comparing two trees.
 */
export async function* historyOfPath(path: BytePath, parts: HistoryParts): AsyncGenerator<HistoryEntry, void> {
  const chain = new SnapshotChain(parts.scope);
  let at: BytePath | undefined = path;
  let before: number | undefined;
  while (at !== undefined) {
    let next: BytePath | undefined;
    for await (const rows of candidates(at, before, parts)) {
      const entry = await settle({ path: at, rows, chain }, parts);
      if (entry === undefined) continue;
      yield entry;
      if (entry.kind !== 'moved') continue;
      next = entry.from;
      before = entry.snapshot.seq;
      break;
    }
    at = next;
  }
}

/** How a path differs between a snapshot and the one before it; undefined when it does not. */
export async function settle(
  { path, rows, chain }: { readonly path: BytePath; readonly rows: Candidate; readonly chain: SnapshotChain },
  parts: HistoryParts,
): Promise<HistoryEntry | undefined> {
  const snapshot = await chain.get(rows);
  if (snapshot.stub) return undefined; // Its rows have moved on to the next snapshot that is kept.
  const previous = await chain.before(snapshot);
  const after = await entryAt(path, snapshot, parts);
  const before = previous && (await entryAt(path, previous, parts));
  const kind = compareEntries(before, after);
  if (kind === undefined) return undefined;
  const common = { snapshot, path, after };
  if (kind === 'add' && previous !== undefined) {
    const from = await findSource({ path, rows: rows.rows, before: previous.header.root, after: snapshot.header.root }, parts);
    if (from !== undefined) return { ...common, kind: 'moved', from, before: await entryAt(from, previous, parts) };
  }
  return { ...common, kind, from: undefined, before };
}

/** The rows of one snapshot that concern a path. */
export interface Candidate {
  readonly snapshot: Snapshot['id'];
  readonly seq: number;
  readonly rows: readonly HistoryRow[];
}

async function* candidates(path: BytePath, start: number | undefined, { scope, context }: HistoryParts): AsyncGenerator<Candidate, void> {
  const { repository, workspace, signal } = scope;
  const idOf = (each: BytePath): PathId => pathId(workspace, each, context);
  const query = { workspace, path: idOf(path), ancestors: Array.from(ancestorsOf(path), idOf), limit: historyPageMax };
  let before = start;
  for (;;) {
    const page = await repository.history({ ...query, before }, { signal });
    for (const [snapshot, rows] of Map.groupBy(page, (row) => row.snapshot)) yield { snapshot, seq: rows[0]!.seq, rows };
    // A page may end within the rows of one snapshot. That snapshot was looked at; more of its rows would add nothing.
    const last = page.at(-1);
    if (last === undefined || page.length < historyPageMax) return;
    before = last.seq;
  }
}

async function entryAt(path: BytePath, { header }: Snapshot, { reader }: HistoryParts): Promise<TreeEntry | undefined> {
  const located = await reader.resolvePath(header.root, path);
  return located?.kind === 'root' ? undefined : located;
}
