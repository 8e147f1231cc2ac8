import type { TreeId } from '../../../protocol/ids.ts';
import { ancestorsOf, isWithin } from '../../core/byteString.ts';
import type { BytePath } from '../../core/byteString.ts';
import { diffTrees } from '../../core/diff/diffTrees.ts';
import { pathId } from '../../core/paths/pathId.ts';
import { findMoves } from '../../core/sync/findMoves.ts';
import type { PlacedEntry } from '../../core/sync/findMoves.ts';
import type { HistoryRow } from '../../ports/repository.ts';
import type { HistoryParts } from './historyOfPath.ts';

export interface Appearance {
  readonly path: BytePath;
  /** The rows of the snapshot in which it appeared. */
  readonly rows: readonly Pick<HistoryRow, 'path' | 'kind' | 'from'>[];
  readonly before: TreeId;
  readonly after: TreeId;
}

/**
 * Where a path that appeared was before, if it was moved. What the writer saw is in a `moved-from` row; where rows
 * were coarsened to `below`, moves are found again by their content.
 */
export async function findSource(appearance: Appearance, parts: HistoryParts): Promise<BytePath | undefined> {
  const { path, rows } = appearance;
  const movedRows = rows.filter(({ kind }) => kind === 'moved-from');
  if (movedRows.length === 0 && !rows.some(({ kind }) => kind === 'below')) return undefined;
  const change = await comingsAndGoings(appearance, parts);
  const idOf = (each: BytePath): string => pathId(parts.scope.workspace, each, parts.context);
  const written = [path, ...ancestorsOf(path)].flatMap((to) => {
    const row = movedRows.find((each) => each.path === idOf(to));
    const source = row && change.gone.find((gone) => idOf(gone.path) === row.from);
    return source === undefined ? [] : [{ from: source.path, to }];
  });
  const found = findMoves(change).filter(({ kind, to }) => (kind === 'directory' ? isWithin(path, to) : path === to));
  for (const move of [...written, ...found]) {
    const from = movedAlong(path, move);
    // What is new in a directory that moved did not come with it.
    if (change.gone.some((gone) => gone.path === from)) return from;
  }
  return undefined;
}

function movedAlong(path: BytePath, { from, to }: { readonly from: BytePath; readonly to: BytePath }): BytePath {
  return `${from}${path.slice(to.length)}` as BytePath;
}

async function comingsAndGoings(
  { before, after }: Appearance,
  { reader }: HistoryParts,
): Promise<{ readonly gone: readonly PlacedEntry[]; readonly came: readonly PlacedEntry[] }> {
  const gone: PlacedEntry[] = [];
  const came: PlacedEntry[] = [];
  for await (const { path, kind, before: old, after: now } of diffTrees(reader, { before, after })) {
    if (kind === 'add' && now !== undefined) came.push({ path, entry: now, inode: undefined });
    if (kind === 'delete' && old !== undefined) gone.push({ path, entry: old, inode: undefined });
  }
  return { gone, came };
}
