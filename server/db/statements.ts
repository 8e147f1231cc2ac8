import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { CompiledQuery } from 'kysely';
import type { Schema } from './schema.ts';

/** What Kysely's builders make. */
interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

export type SqlValue = SQLInputValue;
type SqlRow = Record<string, unknown>;

/**
 * Runs statements synchronously and keeps them prepared. Queries are built with `kysely` (typed, about 20 µs each) and
 * run by `rows`, `row` and `change`; the few statements that run once an object are SQL text for `get`, `all` and
 * `run`, in the words that SQLite and PostgreSQL share.
 */
export class Statements {
  readonly database: DatabaseSync;
  /** Builds only. */
  readonly kysely: Kysely<Schema>;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
    this.kysely = new Kysely<Schema>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (db) => new SqliteIntrospector(db),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    });
  }

  rows<Row>(query: Compilable<Row>): readonly Row[] {
    const { sql, parameters } = query.compile();
    return this.#prepare(sql).all(...(parameters as SqlValue[])) as Row[];
  }

  row<Row>(query: Compilable<Row>): Row | undefined {
    const { sql, parameters } = query.compile();
    return this.#prepare(sql).get(...(parameters as SqlValue[])) as Row | undefined;
  }

  /** Answers how many rows it changed. */
  change(query: Compilable<unknown>): number {
    const { sql, parameters } = query.compile();
    return Number(this.#prepare(sql).run(...(parameters as SqlValue[])).changes);
  }

  /** The number of the new row. */
  insert(query: Compilable<unknown>): number {
    const { sql, parameters } = query.compile();
    return Number(this.#prepare(sql).run(...(parameters as SqlValue[])).lastInsertRowid);
  }

  get<Row = SqlRow>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  all<Row = SqlRow>(sql: string, ...values: readonly SqlValue[]): readonly Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  run(sql: string, ...values: readonly SqlValue[]): { readonly changes: number; readonly key: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...values);
    return { changes: Number(changes), key: Number(lastInsertRowid) };
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) this.#prepared.set(sql, (statement = this.database.prepare(sql)));
    return statement;
  }
}
