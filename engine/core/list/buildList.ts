import { BackupError } from '../../../base/errors.ts';
import type { ListId } from '../../../protocol/ids.ts';
import { listLevelsMax } from '../../../protocol/limits.ts';
import type { HashContext } from '../formatContext.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';
import { encodeListNode, endsListNode, listTotals } from './listNode.ts';
import type { ListedChunk, ListNode, ListNodeRef } from './listTypes.ts';

/** The list of a file's chunks, of which there is at least one, in order. New or not, all nodes are answered. */
export function buildList(
  chunks: readonly ListedChunk[],
  context: HashContext,
): { readonly list: ListId; readonly objects: readonly PlainObject[] } {
  const builder = new ListBuilder(context);
  const objects = chunks.flatMap((chunk) => builder.add(chunk));
  const last = builder.finish();
  return { list: last.list, objects: [...objects, ...last.objects] };
}

/** Builds a list while the file is read: memory does not grow with the file. Children come before parents. */
export class ListBuilder {
  readonly #context: HashContext;
  #leaf: ListedChunk[] = [];
  /** Open inner nodes; index 0 is level 1. */
  readonly #inner: ListNodeRef[][] = [];

  constructor(context: HashContext) {
    this.#context = context;
  }

  /** Answers the nodes that this chunk completes. */
  add(chunk: ListedChunk): readonly PlainObject[] {
    const done: PlainObject[] = [];
    this.#leaf.push(chunk);
    if (endsListNode(chunk.id, this.#leaf.length)) this.#closeUpFrom(0, done);
    return done;
  }

  /** Closes what is open. Errors: `invalid` when nothing was added. */
  finish(): { readonly list: ListId; readonly objects: readonly PlainObject[] } {
    const done: PlainObject[] = [];
    for (let level = 0; ; level++) {
      const root = this.#rootAt(level);
      if (root !== undefined) return { list: root.list, objects: done };
      if (this.#itemsAt(level).length > 0) this.#close(level, done);
      if (level > listLevelsMax) throw new BackupError('invalid', 'A list needs at least one chunk.');
    }
  }

  /** The root, when all that is left is one node below `level`. */
  #rootAt(level: number): ListNodeRef | undefined {
    const items = level === 0 ? [] : (this.#inner[level - 1] ?? []);
    return items.length === 1 && this.#inner.length === level ? items[0] : undefined;
  }

  #itemsAt(level: number): readonly unknown[] {
    return level === 0 ? this.#leaf : (this.#inner[level - 1] ?? []);
  }

  #closeUpFrom(level: number, done: PlainObject[]): void {
    const ref = this.#close(level, done);
    const count = this.#inner[level]!.length;
    if (endsListNode(ref.list, count)) this.#closeUpFrom(level + 1, done);
  }

  #close(level: number, done: PlainObject[]): ListNodeRef {
    if (level >= listLevelsMax) throw new BackupError('limit', 'A file is too large for a list.');
    const node: ListNode = level === 0 ? { level: 0, chunks: this.#leaf } : { level, nodes: this.#inner[level - 1]! };
    const object = encodeListNode(node, this.#context);
    done.push(object);
    if (level === 0) this.#leaf = [];
    else this.#inner[level - 1] = [];
    const ref = { list: object.id as ListId, ...listTotals(node) };
    (this.#inner[level] ??= []).push(ref);
    return ref;
  }
}
