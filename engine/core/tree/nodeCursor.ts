import type { ByteName } from '../byteString.ts';
import { isLeaf, nameOfItem } from './treeLevels.ts';
import type { MemoryInner, MemoryNode, NodeItem } from './treeLevels.ts';

/** Walks the nodes of one level of a tree in order, from any name on. */
export class NodeCursor {
  readonly #root: MemoryNode;
  readonly #level: number;
  /** From the root down to just above the level. */
  #path: { readonly node: MemoryInner; index: number }[] = [];

  /** `level` is at most the root's. */
  constructor(root: MemoryNode, level: number) {
    this.#root = root;
    this.#level = level;
  }

  /** Goes to the node that holds `name`, or would. */
  seek(name: ByteName): MemoryNode {
    this.#path = [];
    let node = this.#root;
    while (node.level > this.#level && !isLeaf(node)) {
      const index = Math.max(0, lastNotAfter(node.items, name));
      this.#path.push({ node, index });
      node = node.items[index]!;
    }
    return node;
  }

  /** Goes to the next node; undefined at the end. */
  next(): MemoryNode | undefined {
    let step = this.#path.pop();
    while (step !== undefined && step.index + 1 >= step.node.items.length) step = this.#path.pop();
    if (step === undefined) return undefined;
    step.index += 1;
    this.#path.push(step);
    let node = step.node.items[step.index]!;
    while (node.level > this.#level && !isLeaf(node)) {
      this.#path.push({ node, index: 0 });
      node = node.items[0]!;
    }
    return node;
  }

  /** The first name of the next node, where the cursor does not go; undefined at the end. */
  nextFirst(): ByteName | undefined {
    for (let i = this.#path.length - 1; i >= 0; i--) {
      const { node, index } = this.#path[i]!;
      const next = node.items[index + 1];
      if (next !== undefined) return next.first;
    }
    return undefined;
  }
}

/** The index of the last item whose name is not after `name`; -1 when all are. */
export function lastNotAfter(items: readonly NodeItem[], name: ByteName): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (nameOfItem(items[middle]!) <= name) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
