import { BackupError } from '../../../base/errors.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import { treeLevelsMax } from '../../../protocol/limits.ts';
import type { ByteName } from '../byteString.ts';
import type { HashContext } from '../formatContext.ts';
import { objectId } from '../objectId.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';
import { encodeTreeContent } from './treeNode.ts';
import { endsTreeNode } from './treeSplit.ts';
import type { TreeEntry } from './treeTypes.ts';

/** A node in memory: it holds what is beneath, so a directory can be read and updated without its objects. */
export type MemoryNode = MemoryLeaf | MemoryInner;

export interface MemoryLeaf extends MemoryNodeBase {
  readonly level: 0;
  readonly items: readonly TreeEntry[];
}

export interface MemoryInner extends MemoryNodeBase {
  readonly level: number;
  readonly items: readonly MemoryNode[];
}

interface MemoryNodeBase {
  readonly id: TreeId;
  /** The smallest name beneath; empty for the empty directory. */
  readonly first: ByteName;
  /** Entries beneath, over all levels. */
  readonly entries: number;
}

export type NodeItem = TreeEntry | MemoryNode;

export function isLeaf(node: MemoryNode): node is MemoryLeaf {
  return node.level === 0;
}

export function nameOfItem(item: NodeItem): ByteName {
  return 'name' in item ? item.name : item.first;
}

export interface MadeNode {
  readonly node: MemoryNode;
  readonly object: PlainObject;
}

/** Takes the items of one level in order and closes a node wherever one ends. */
export class LevelWriter {
  readonly made: MadeNode[] = [];
  readonly #level: number;
  readonly #context: HashContext;
  #open: NodeItem[] = [];

  constructor(level: number, context: HashContext) {
    if (level >= treeLevelsMax) throw new BackupError('limit', 'A directory has too many entries.');
    this.#level = level;
    this.#context = context;
  }

  /** Whether the next item starts a node. */
  get atBoundary(): boolean {
    return this.#open.length === 0;
  }

  add(item: NodeItem): void {
    this.#open.push(item);
    const end = { level: this.#level, name: nameOfItem(item), count: this.#open.length };
    if (endsTreeNode(end, this.#context)) this.close();
  }

  /** Ends the node that is open, if any: the level's last. */
  close(): void {
    if (this.#open.length === 0) return;
    this.made.push(makeNode(this.#level, this.#open, this.#context));
    this.#open = [];
  }
}

/** The empty directory is one leaf with no items. */
export function makeEmptyLeaf(context: HashContext): MadeNode {
  return makeNode(0, [], context);
}

/** Puts levels on top until one node is left. Answers it and the objects made. */
export function buildUp(nodes: readonly MemoryNode[], context: HashContext): MadeTree {
  const objects: PlainObject[] = [];
  let below = nodes;
  while (below.length > 1) {
    const writer = new LevelWriter(below[0]!.level + 1, context);
    for (const node of below) writer.add(node);
    writer.close();
    for (const { object } of writer.made) objects.push(object);
    below = writer.made.map(({ node }) => node);
  }
  return { root: below[0]!, objects };
}

export interface MadeTree {
  readonly root: MemoryNode;
  readonly objects: readonly PlainObject[];
}

/** The object of a node whose id is known. */
export function objectOfNode(node: MemoryNode): PlainObject {
  return { ...contentOf(node.level, node.items), id: node.id };
}

function makeNode(level: number, items: readonly NodeItem[], context: HashContext): MadeNode {
  const content = contentOf(level, items);
  const id = objectId(content, context) as TreeId;
  const first = items.length === 0 ? ('' as ByteName) : nameOfItem(items[0]!);
  const entries = level === 0 ? items.length : (items as MemoryNode[]).reduce((sum, node) => sum + node.entries, 0);
  return { node: { level, id, first, entries, items } as MemoryNode, object: { ...content, id } };
}

function contentOf(level: number, items: readonly NodeItem[]): Omit<PlainObject, 'id'> {
  if (level === 0) return encodeTreeContent({ level: 0, entries: items as readonly TreeEntry[] });
  const nodes = (items as readonly MemoryNode[]).map(({ first, id, entries }) => ({ first, tree: id, entries }));
  return encodeTreeContent({ level, nodes });
}
