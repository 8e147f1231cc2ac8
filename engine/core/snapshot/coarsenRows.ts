import { rootPath } from '../byteString.ts';
import type { BytePath } from '../byteString.ts';
import type { PathChange } from './pathChange.ts';

/**
 * At most `countMax` rows (at least 1) that say the same less exactly: what lies under a directory becomes one
 * `below` row of it. The deepest directories go first, and among those of one depth the fullest, so that what is
 * left is as exact as the bound allows. Rows stay in order of their paths.
 */
export function coarsenRows(changes: readonly PathChange[], countMax: number): readonly PathChange[] {
  let rows = changes;
  for (let depth = deepest(rows) - 1; rows.length > countMax && depth >= 0; depth--) rows = coarsenAt(rows, { depth, countMax });
  return rows;
}

/** Replaces the rows under directories of one depth until they are few enough. */
function coarsenAt(rows: readonly PathChange[], { depth, countMax }: { readonly depth: number; readonly countMax: number }): readonly PathChange[] {
  const under = new Map<BytePath, PathChange[]>();
  for (const row of rows) {
    const directory = ancestorAt(row.path, depth);
    if (directory === undefined) continue;
    const group = under.get(directory);
    if (group === undefined) under.set(directory, [row]);
    else group.push(row);
  }
  const fullestFirst = Array.from(under).sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  const coarsened = new Set<BytePath>();
  let count = rows.length;
  for (const [directory, group] of fullestFirst) {
    if (count <= countMax || group.length === 1) break;
    coarsened.add(directory);
    count -= group.length - 1;
  }
  const kept = rows.filter(({ path, kind }) => {
    const directory = ancestorAt(path, depth);
    const covered = directory !== undefined && coarsened.has(directory);
    return !covered && !(kind === 'below' && coarsened.has(path));
  });
  const below = Array.from(coarsened, (path): PathChange => ({ path, kind: 'below' }));
  return [...kept, ...below].sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

function deepest(rows: readonly PathChange[]): number {
  return rows.reduce((most, { path }) => Math.max(most, depthOf(path)), 0);
}

function depthOf(path: BytePath): number {
  if (path === rootPath) return 0;
  let depth = 1;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) depth += 1;
  return depth;
}

/** The directory of that depth strictly above `path`, if `path` is deeper. */
function ancestorAt(path: BytePath, depth: number): BytePath | undefined {
  if (depth === 0) return path === rootPath ? undefined : rootPath;
  let at = -1;
  for (let passed = 0; passed < depth; passed++) {
    at = path.indexOf('/', at + 1);
    if (at < 0) return undefined;
  }
  return path.slice(0, at) as BytePath;
}
