import type { ChunkId, ListId } from '../../../protocol/ids.ts';

/** One node of a large file: a leaf holds its chunks in order, an inner node its child nodes. Never empty. */
export type ListNode = ListLeaf | ListInner;

export interface ListLeaf {
  readonly level: 0;
  /** Chunks may repeat. */
  readonly chunks: readonly ListedChunk[];
}

export interface ListInner {
  readonly level: number;
  readonly nodes: readonly ListNodeRef[];
}

export interface ListedChunk {
  readonly id: ChunkId;
  readonly bytes: number;
}

export interface ListNodeRef {
  readonly list: ListId;
  /** Of content and of chunks beneath, over all levels. */
  readonly bytes: number;
  readonly chunks: number;
}

export function isListLeaf(node: ListNode): node is ListLeaf {
  return node.level === 0;
}
