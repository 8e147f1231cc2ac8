import { fromHex } from '../../base/bytes.ts';
import type { ObjectId } from '../../protocol/ids.ts';
import { HeaderCache } from './headerCache.ts';
import { standing } from './standing.ts';
import type { Statements } from './statements.ts';

/** One copy of an object and the child list that it declares; a copy that says it is a chunk declares none. */
export interface Declaration {
  readonly segment: number;
  readonly device: number;
  readonly ids: readonly ObjectId[];
}

/** What the copies of an account's objects declare to be beneath them. */
export class Declarations {
  readonly #statements: Statements;
  readonly #account: number;
  readonly #headers: HeaderCache;

  constructor(statements: Statements, account: number) {
    this.#statements = statements;
    this.#account = account;
    this.#headers = new HeaderCache(statements);
  }

  /** Those that stand, oldest first. Errors: `invalid` for a damaged header. */
  of(id: ObjectId): readonly Declaration[] {
    const locations = this.#statements.all<{ segment: number; device: number }>(
      `select l.segment, s.device from locations l join segments s on s.key = l.segment join devices d on d.key = s.device
       where l.account = ? and l.object = ? and ${standing} order by l.segment`,
      this.#account,
      fromHex(id),
    );
    return locations.map(({ segment, device }) => ({ segment, device, ids: this.in(segment, id) }));
  }

  in(segment: number, id: ObjectId): readonly ObjectId[] {
    return this.#headers.children(segment, id) ?? [];
  }
}
