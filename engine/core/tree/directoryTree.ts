import { BackupError } from '../../../base/errors.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import type { ByteName } from '../byteString.ts';
import type { HashContext } from '../formatContext.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';
import { lastNotAfter } from './nodeCursor.ts';
import { buildUp, isLeaf, LevelWriter, makeEmptyLeaf, objectOfNode } from './treeLevels.ts';
import type { MadeTree, MemoryNode } from './treeLevels.ts';
import type { TreeEntry } from './treeTypes.ts';
import { updateLevel } from './updateLevel.ts';
import type { ItemChange } from './updateLevel.ts';

export interface TreeUpdate {
  readonly tree: DirectoryTree;
  /** The nodes that the tree before did not have, children before parents. */
  readonly objects: readonly PlainObject[];
}

/**
 * One directory with all its nodes in memory. Immutable: an update answers a new tree that shares what is unchanged.
 * The same entries always make the same nodes, in whatever steps they came together.
 */
export class DirectoryTree {
  readonly #root: MemoryNode;

  private constructor(root: MemoryNode) {
    this.#root = root;
  }

  static empty(context: HashContext): DirectoryTree {
    return new DirectoryTree(makeEmptyLeaf(context).node);
  }

  /** Errors: `invalid` unless names rise strictly in byte order, and for entries that no tree may hold. */
  static build(entries: Iterable<TreeEntry>, context: HashContext): DirectoryTree {
    const writer = new LevelWriter(0, context);
    let last: ByteName | undefined;
    for (const entry of entries) {
      if (last !== undefined && entry.name <= last) throw new BackupError('invalid', 'Entries are not in order.');
      last = entry.name;
      writer.add(entry);
    }
    writer.close();
    if (writer.made.length === 0) return DirectoryTree.empty(context);
    return new DirectoryTree(buildUp(writer.made.map(({ node }) => node), context).root);
  }

  /** The tree of nodes that are known to belong together: those of an index of our own, or read and checked. No hashing. */
  static of(top: MemoryNode): DirectoryTree {
    return new DirectoryTree(top);
  }

  /** Its topmost node, with all that is beneath. */
  get top(): MemoryNode {
    return this.#root;
  }

  get root(): TreeId {
    return this.#root.id;
  }

  /** Entries of the directory. */
  get size(): number {
    return this.#root.entries;
  }

  get(name: ByteName): TreeEntry | undefined {
    let node = this.#root;
    while (!isLeaf(node)) {
      const index = lastNotAfter(node.items, name);
      if (index < 0) return undefined;
      node = node.items[index]!;
    }
    const entry = node.items[lastNotAfter(node.items, name)];
    return entry?.name === name ? entry : undefined;
  }

  /** In byte order of names. */
  entries(): Generator<TreeEntry, void> {
    return entriesOf(this.#root);
  }

  /** The objects of all nodes, children before parents. */
  nodes(): readonly PlainObject[] {
    return Array.from(nodesOf(this.#root), objectOfNode);
  }

  /**
   * Sets and removes entries; undefined removes, also what is not there. Costs O(changes), not O(size), and equals
   * `build` of the result byte for byte. Errors: `invalid` for a change whose entry has another name.
   */
  update(changes: ReadonlyMap<ByteName, TreeEntry | undefined>, context: HashContext): TreeUpdate {
    const { root, objects } = updateNodes(this.#root, sortChanges(changes), context);
    return { tree: root === this.#root ? this : new DirectoryTree(root), objects };
  }
}

function sortChanges(changes: ReadonlyMap<ByteName, TreeEntry | undefined>): readonly ItemChange[] {
  const sorted = Array.from(changes, ([name, item]) => ({ name, item }));
  for (const { name, item } of sorted) {
    if (item !== undefined && item.name !== name) throw new BackupError('invalid', 'A change has another name.');
  }
  return sorted.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function updateNodes(root: MemoryNode, entryChanges: readonly ItemChange[], context: HashContext): MadeTree {
  const objects: PlainObject[] = [];
  let changes = entryChanges;
  let top: readonly MemoryNode[] = [root];
  for (let level = 0; level <= root.level; level++) {
    if (changes.length === 0) return { root, objects: [] };
    const update = updateLevel({ root, level, changes }, context);
    objects.push(...update.objects);
    changes = update.changes;
    top = update.nodes;
  }
  if (changes.length === 0) return { root, objects: [] };
  if (top.length === 0) return root.entries === 0 ? { root, objects: [] } : emptyTree(context);
  const built = buildUp(top, context);
  return withoutNeedlessTop({ root: built.root, objects: [...objects, ...built.objects] });
}

function emptyTree(context: HashContext): MadeTree {
  const { node, object } = makeEmptyLeaf(context);
  return { root: node, objects: [object] };
}

/** A level of a single node is the last one: inner nodes above it go, whatever the tree's height was before. */
function withoutNeedlessTop({ root, objects }: MadeTree): MadeTree {
  const needless = new Set<TreeId>();
  let top = root;
  while (!isLeaf(top) && top.items.length === 1) {
    needless.add(top.id);
    top = top.items[0]!;
  }
  if (needless.size === 0) return { root, objects };
  return { root: top, objects: objects.filter(({ id }) => !needless.has(id as TreeId)) };
}

function* entriesOf(node: MemoryNode): Generator<TreeEntry, void> {
  if (isLeaf(node)) yield* node.items;
  else for (const child of node.items) yield* entriesOf(child);
}

function* nodesOf(node: MemoryNode): Generator<MemoryNode, void> {
  if (!isLeaf(node)) for (const child of node.items) yield* nodesOf(child);
  yield node;
}
