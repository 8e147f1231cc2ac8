import { BackupError } from '../../../base/errors.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import { treeDepthMax } from '../../../protocol/limits.ts';
import { type ByteName, type BytePath, joinPath, rootPath } from '../../core/byteString.ts';
import type { HashContext } from '../../core/formatContext.ts';
import { DirectoryTree } from '../../core/tree/directoryTree.ts';
import type { MemoryNode } from '../../core/tree/treeLevels.ts';
import type { TreeNode } from '../../core/tree/treeTypes.ts';
import { FolderIndex } from './folderIndex.ts';
import { IdCounts } from './idCounts.ts';
import { IndexedDirectory } from './indexedDirectory.ts';

/** Reads tree nodes, checked against their ids, in the order asked for; ObjectReader is one. */
export interface NodeSource {
  trees(ids: readonly TreeId[]): Promise<readonly TreeNode[]>;
}

/** Directories that are read together. */
const directoriesPerRead = 512;

/**
 * The index of a stored state, without stat marks: the next scan reads every file, and sends what is new.
 * Lists of large files are not read: their chunks count as unknown.
 */
export async function indexFromTrees(
  root: TreeId,
  { source, context, signal }: { readonly source: NodeSource; readonly context: HashContext; readonly signal: AbortSignal },
): Promise<FolderIndex> {
  const known = new IdCounts();
  known.add(root);
  const directories = new Map<BytePath, IndexedDirectory>();
  let level: { path: BytePath; tree: TreeId }[] = [{ path: rootPath, tree: root }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > treeDepthMax) throw new BackupError('limit', 'A snapshot has directories nested too deep.');
    const next: typeof level = [];
    for (let at = 0; at < level.length; at += directoriesPerRead) {
      signal.throwIfAborted();
      const batch = level.slice(at, at + directoriesPerRead);
      const tops = await readNodes(batch.map(({ tree }) => tree), source);
      for (const [i, { path }] of batch.entries()) {
        const tree = DirectoryTree.of(tops[i]!);
        for (const entry of tree.entries()) {
          if (entry.kind === 'directory') {
            known.add(entry.tree);
            next.push({ path: joinPath(path, entry.name), tree: entry.tree });
          } else if (entry.kind === 'file') {
            for (const id of entry.content.kind === 'list' ? [entry.content.list] : entry.content.chunks) known.add(id);
          }
        }
        const directory = IndexedDirectory.of(tree);
        directory.pack();
        directories.set(path, directory);
      }
    }
    level = next;
  }
  return new FolderIndex(context, { directories, known, lists: new Map() });
}

/** Nodes with all that is beneath them within their directory. */
async function readNodes(ids: readonly TreeId[], source: NodeSource): Promise<readonly MemoryNode[]> {
  const nodes = await source.trees(ids);
  const below = nodes.flatMap((node) => ('nodes' in node ? node.nodes.map(({ tree }) => tree) : []));
  const children = below.length === 0 ? [] : await readNodes(below, source);
  let taken = 0;
  return nodes.map((node, i): MemoryNode => {
    const id = ids[i]!;
    if ('entries' in node) {
      return { level: 0, id, first: node.entries[0]?.name ?? ('' as ByteName), entries: node.entries.length, items: node.entries };
    }
    const items = children.slice(taken, (taken += node.nodes.length));
    for (const [at, child] of items.entries()) {
      const ref = node.nodes[at]!;
      const fits = child.level === node.level - 1 && child.entries === ref.entries && child.first === ref.first;
      if (!fits) throw new BackupError('corrupt', 'A node of a directory is not what the node above says.', { id: child.id });
    }
    return { level: node.level, id, first: items[0]?.first ?? ('' as ByteName), entries: items.reduce((sum, { entries }) => sum + entries, 0), items };
  });
}
