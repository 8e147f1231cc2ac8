import type { ListId, ObjectId, TreeId } from '../../../protocol/ids.ts';
import { objectIdBytes } from '../../../protocol/ids.ts';
import { missingIdsMax } from '../../../protocol/limits.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { DirectoryTree } from '../../core/tree/directoryTree.ts';
import { isLeaf } from '../../core/tree/treeLevels.ts';
import type { MemoryNode } from '../../core/tree/treeLevels.ts';
import type { Repository } from '../../ports/repository.ts';
import type { FolderIndex } from '../index/folderIndex.ts';
import type { Link } from './link.ts';

/** Which objects of the index's state the server lacks. Asks about every one. */
export async function askIndex(
  index: FolderIndex,
  { repository, link, signal }: { readonly repository: Repository; readonly link: Link; readonly signal: AbortSignal },
): Promise<ReadonlySet<ObjectId>> {
  const lacking = new Set<ObjectId>();
  let batch = new Set<ObjectId>();
  const ask = async (): Promise<void> => {
    const ids = [...batch];
    batch = new Set();
    for (const id of await link.call((options) => repository.missing(ids, options), { signal, bytes: ids.length * objectIdBytes })) lacking.add(id);
  };
  for (const id of objectsOf(index)) {
    batch.add(id);
    if (batch.size === missingIdsMax) await ask();
  }
  if (batch.size > 0) await ask();
  return lacking;
}

/** The nodes of all directories that `wanted` names. */
export function* treeNodes(index: FolderIndex, wanted: (id: ObjectId) => boolean): Generator<PlainObject, void> {
  for (const tree of allTrees(index)) {
    if (![...nodeIds(tree.top)].some(wanted)) continue;
    for (const object of tree.nodes()) if (wanted(object.id)) yield object;
  }
}

/** Every directory, asked for by its path so that the index keeps its memory bounded. */
function* allTrees(index: FolderIndex): Generator<DirectoryTree, void> {
  for (const [path] of index.parts().directories) {
    const directory = index.directory(path);
    if (directory !== undefined) yield directory.tree;
  }
}

function* objectsOf(index: FolderIndex): Generator<ObjectId, void> {
  for (const tree of allTrees(index)) {
    yield* nodeIds(tree.top);
    for (const entry of tree.entries()) {
      if (entry.kind !== 'file') continue;
      if (entry.content.kind === 'chunks') yield* entry.content.chunks;
      else yield* listed(index, entry.content.list);
    }
  }
}

function* nodeIds(node: MemoryNode): Generator<TreeId, void> {
  yield node.id;
  if (!isLeaf(node)) for (const child of node.items) yield* nodeIds(child);
}

function* listed(index: FolderIndex, id: ListId): Generator<ObjectId, void> {
  yield id;
  for (const child of index.listChildren(id) ?? []) yield* listed(index, child as ListId);
}
