import type { ByteName } from '../byteString.ts';
import type { HashContext } from '../formatContext.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';
import { NodeCursor } from './nodeCursor.ts';
import { LevelWriter, nameOfItem } from './treeLevels.ts';
import type { MadeNode, MemoryNode, NodeItem } from './treeLevels.ts';

/** What an item of that name becomes; undefined removes it. */
export interface ItemChange {
  readonly name: ByteName;
  readonly item: NodeItem | undefined;
}

export interface LevelUpdate {
  /** What changes for the level above, in order of names. Empty: the tree stays as it is. */
  readonly changes: readonly ItemChange[];
  /** Of the nodes that are new. */
  readonly objects: readonly PlainObject[];
  /** All nodes that were written in place of the visited ones. */
  readonly nodes: readonly MemoryNode[];
}

/**
 * Applies changes (in order of names) to one level. Where a node ends depends on nothing before its start, so each
 * change is worked in from the start of its node up to the first old boundary that is a boundary again; nodes beyond
 * are not visited. Costs O(changes), not O(directory).
 */
export function updateLevel(
  { root, level, changes }: { readonly root: MemoryNode; readonly level: number; readonly changes: readonly ItemChange[] },
  context: HashContext,
): LevelUpdate {
  const cursor = new NodeCursor(root, level);
  const writer = new LevelWriter(level, context);
  const visited: MemoryNode[] = [];
  let next = 0;
  while (next < changes.length) {
    let node: MemoryNode | undefined = cursor.seek(changes[next]!.name);
    do {
      visited.push(node);
      next = mergeInto(writer, { node, changes, next, before: cursor.nextFirst() });
      node = writer.atBoundary ? undefined : cursor.next();
    } while (node !== undefined);
    writer.close();
  }
  return compare(visited, writer.made);
}

interface Merge {
  readonly node: MemoryNode;
  readonly changes: readonly ItemChange[];
  readonly next: number;
  /** The first name of the node after this one; undefined when this is the last. */
  readonly before: ByteName | undefined;
}

/** Writes one old node's items with the changes that fall into it. Answers the index of the first one that does not. */
function mergeInto(writer: LevelWriter, { node, changes, next, before }: Merge): number {
  let at = next;
  const write = ({ item }: ItemChange): void => {
    if (item !== undefined) writer.add(item);
  };
  for (const item of node.items as readonly NodeItem[]) {
    const name = nameOfItem(item);
    while (at < changes.length && changes[at]!.name < name) write(changes[at++]!);
    if (changes[at]?.name === name) write(changes[at++]!);
    else writer.add(item);
  }
  while (at < changes.length && (before === undefined || changes[at]!.name < before)) write(changes[at++]!);
  return at;
}

/** Leaves out the nodes that came out as they were. */
function compare(visited: readonly MemoryNode[], made: readonly MadeNode[]): LevelUpdate {
  const old = new Map(visited.map((node) => [node.id, node]));
  const changed = new Map<ByteName, MemoryNode | undefined>();
  const kept = new Set(made.map(({ node }) => node.id).filter((id) => old.has(id)));
  for (const { id, first } of visited) if (!kept.has(id)) changed.set(first, undefined);
  const fresh = made.filter(({ node }) => !kept.has(node.id));
  for (const { node } of fresh) changed.set(node.first, node);
  const changes = Array.from(changed, ([name, item]) => ({ name, item }));
  changes.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    changes,
    objects: fresh.map(({ object }) => object),
    nodes: made.map(({ node }) => old.get(node.id) ?? node),
  };
}
