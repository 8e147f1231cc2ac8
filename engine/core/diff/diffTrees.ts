import type { TreeId } from '../../../protocol/ids.ts';
import type { BytePath } from '../byteString.ts';
import { joinPath, rootPath } from '../byteString.ts';
import type { TreeEntry } from '../tree/treeTypes.ts';
import { compareEntries } from './compareEntries.ts';
import type { DifferenceKind } from './compareEntries.ts';
import { entriesApart } from './entriesApart.ts';
import type { EntryPair, TreeSource } from './entriesApart.ts';

export interface Difference {
  readonly path: BytePath;
  readonly kind: DifferenceKind;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

export interface TreePair {
  readonly before: TreeId | undefined;
  readonly after: TreeId | undefined;
  /** The path of both, put before the paths that are answered. */
  readonly path?: BytePath;
}

/**
 * Everything that differs between two trees, in order: names by their bytes, a directory before what is in it.
 * What lies under an added or deleted directory is answered too. Equal subtrees are skipped by id, unread.
 * Cost: what differs. Depth costs memory, no stack.
 */
export async function* diffTrees(source: TreeSource, { before, after, path = rootPath }: TreePair): AsyncGenerator<Difference, void> {
  const stack = [{ path, pairs: await entriesApart(source, before, after), next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const pair: EntryPair | undefined = top.pairs[top.next++];
    if (pair === undefined) {
      stack.pop();
      continue;
    }
    const at = joinPath(top.path, pair.name);
    const kind = compareEntries(pair.before, pair.after);
    if (kind !== undefined) yield { path: at, kind, before: pair.before, after: pair.after };
    const olds = treeOf(pair.before);
    const news = treeOf(pair.after);
    if (olds !== news) stack.push({ path: at, pairs: await entriesApart(source, olds, news), next: 0 });
  }
}

function treeOf(entry: TreeEntry | undefined): TreeId | undefined {
  return entry?.kind === 'directory' ? entry.tree : undefined;
}
