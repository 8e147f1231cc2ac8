import { fromHex } from '../../base/bytes.ts';
import type { ObjectId } from '../../protocol/ids.ts';
import { ChildLists } from '../../engine/core/segment/childLists.ts';
import type { ClosureView } from '../core/closure.ts';
import type { ScopeKeys } from './rows.ts';
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

/** Stored objects as the walk of one commit sees them: of several child lists, that of the committing device first. */
export function closureView(statements: Statements, { account, device }: ScopeKeys): ClosureView {
  const headers = new HeaderCache(statements);
  return {
    find(id) {
      const row = statements.get<{ closed: number; trashed_at: number | null }>(
        'select closed, trashed_at from objects where account = ? and id = ?',
        account,
        fromHex(id),
      );
      return row === undefined || row.trashed_at !== null ? undefined : { closed: row.closed === 1 };
    },
    children(id) {
      const location = statements.get<{ segment: number }>(
        `select l.segment from locations l join segments s on s.key = l.segment
         where l.account = ? and l.object = ? order by case when s.device = ? then 0 else 1 end, l.segment limit 1`,
        account,
        fromHex(id),
        device,
      );
      return (location && headers.children(location.segment, id)) ?? [];
    },
    close(id) {
      statements.run('update objects set closed = 1 where account = ? and id = ?', account, fromHex(id));
    },
  };
}
