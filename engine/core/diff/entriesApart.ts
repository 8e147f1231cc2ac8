import type { TreeId } from '../../../protocol/ids.ts';
import type { ByteName } from '../byteString.ts';
import type { TreeEntry, TreeNode } from '../tree/treeTypes.ts';

/** Where nodes of directories come from. */
export interface TreeSource {
  /** In the order asked for. */
  trees(ids: readonly TreeId[]): Promise<readonly TreeNode[]>;
}

/** One name of two directories, and what it is in each. */
export interface EntryPair {
  readonly name: ByteName;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

/**
 * The names of two directories, in order, less those in nodes that both share: one changed file in a directory of
 * 100,000 reads a few nodes. A name that is answered may still be the same in both.
 */
export async function entriesApart(
  source: TreeSource,
  before: TreeId | undefined,
  after: TreeId | undefined,
): Promise<readonly EntryPair[]> {
  let olds: readonly TreeId[] = before === undefined ? [] : [before];
  let news: readonly TreeId[] = after === undefined ? [] : [after];
  for (;;) {
    [olds, news] = [without(olds, news), without(news, olds)];
    const oldNodes = await source.trees(olds);
    const newNodes = await source.trees(news);
    const level = [...oldNodes, ...newNodes].reduce((highest, node) => Math.max(highest, node.level), 0);
    if (level === 0) return pair(entriesOf(oldNodes), entriesOf(newNodes));
    olds = opened(olds, oldNodes, level);
    news = opened(news, newNodes, level);
  }
}

function without(ids: readonly TreeId[], others: readonly TreeId[]): readonly TreeId[] {
  const known = new Set(others);
  return ids.filter((id) => !known.has(id));
}

/** The ids with those of the highest level replaced by their children. */
function opened(ids: readonly TreeId[], nodes: readonly TreeNode[], level: number): readonly TreeId[] {
  return ids.flatMap((id, i) => {
    const node = nodes[i]!;
    return node.level === level && 'nodes' in node ? node.nodes.map(({ tree }) => tree) : [id];
  });
}

function entriesOf(nodes: readonly TreeNode[]): readonly TreeEntry[] {
  return nodes.flatMap((node) => ('entries' in node ? node.entries : []));
}

/** Merges two lists that are each in order of their names. */
function pair(olds: readonly TreeEntry[], news: readonly TreeEntry[]): readonly EntryPair[] {
  const pairs: EntryPair[] = [];
  let i = 0;
  let j = 0;
  while (i < olds.length || j < news.length) {
    const before = olds[i];
    const after = news[j];
    if (after === undefined || (before !== undefined && before.name < after.name)) {
      pairs.push({ name: before!.name, before, after: undefined });
      i += 1;
    } else if (before === undefined || after.name < before.name) {
      pairs.push({ name: after.name, before: undefined, after });
      j += 1;
    } else {
      pairs.push({ name: after.name, before, after });
      i += 1;
      j += 1;
    }
  }
  return pairs;
}
