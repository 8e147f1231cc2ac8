import { fromHex } from '../../base/bytes.ts';
import type { ObjectId } from '../../protocol/ids.ts';
import { decodeSegmentHeader } from '../../engine/core/segment/decodeSegment.ts';
import type { ClosureView } from '../core/closure.ts';
import type { ScopeKeys } from './rows.ts';
import type { Statements } from './statements.ts';

/** Decoded headers kept while one walk runs. */
const headersMax = 64;

export type ChildLists = ReadonlyMap<ObjectId, readonly ObjectId[]>;

/** The child lists that segments of trees declare, each header decoded once while it is among the last used. */
export class HeaderCache {
  readonly #statements: Statements;
  readonly #lists = new Map<number, ChildLists>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Of a segment of trees; none for one of data. */
  childLists(segment: number): ChildLists {
    let lists = this.#lists.get(segment);
    if (lists !== undefined) this.#lists.delete(segment);
    else lists = this.#decode(segment);
    this.#lists.set(segment, lists);
    if (this.#lists.size > headersMax) for (const oldest of this.#lists.keys()) return this.#forget(oldest, lists);
    return lists;
  }

  #forget(oldest: number, lists: ChildLists): ChildLists {
    this.#lists.delete(oldest);
    return lists;
  }

  #decode(segment: number): ChildLists {
    const row = this.#statements.get<{ header: Uint8Array }>('select header from tree_headers where segment = ?', segment);
    if (row === undefined) return new Map();
    return new Map(decodeSegmentHeader(row.header).objects.map(({ id, children }) => [id, children]));
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
      return (location && headers.childLists(location.segment).get(id)) ?? [];
    },
    close(id) {
      statements.run('update objects set closed = 1 where account = ? and id = ?', account, fromHex(id));
    },
  };
}
