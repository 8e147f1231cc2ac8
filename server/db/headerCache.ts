import type { ObjectId } from '../../protocol/ids.ts';
import { ChildLists } from '../../engine/core/segment/childLists.ts';
import type { Statements } from './statements.ts';

/** Headers kept while one walk runs. A header can have 8 MiB, so that their number alone bounds nothing. */
export const headerCacheBytes = 64 * 1024 * 1024;

/** The child lists that segments of trees declare, each header read once while it is among the last used. */
export class HeaderCache {
  readonly #statements: Pick<Statements, 'get'>;
  readonly #lists = new Map<number, ChildLists>();
  #keptBytes = 0;
  #readBytes = 0;

  constructor(statements: Pick<Statements, 'get'>) {
    this.#statements = statements;
  }

  /** Bytes held now. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Bytes read so far, also of what was let go of again. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /** Undefined for what is no tree or list of this segment. */
  children(segment: number, id: ObjectId): readonly ObjectId[] | undefined {
    return this.#listsOf(segment)?.get(id);
  }

  #listsOf(segment: number): ChildLists | undefined {
    const kept = this.#lists.get(segment);
    if (kept !== undefined) {
      this.#lists.delete(segment);
      this.#lists.set(segment, kept);
      return kept;
    }
    const row = this.#statements.get<{ header: Uint8Array }>('select header from tree_headers where segment = ?', segment);
    if (row === undefined) return undefined;
    const lists = new ChildLists(row.header);
    this.#readBytes += lists.bytes;
    this.#keptBytes += lists.bytes;
    for (const [oldest, { bytes }] of this.#lists) {
      if (this.#keptBytes <= headerCacheBytes) break;
      this.#lists.delete(oldest);
      this.#keptBytes -= bytes;
    }
    this.#lists.set(segment, lists);
    return lists;
  }
}
