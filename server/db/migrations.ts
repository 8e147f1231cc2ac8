import { sql } from 'kysely';
import type { CreateTableBuilder, Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What the two databases call the same thing. */
export interface ColumnTypes {
  readonly blob: 'blob' | 'bytea';
  readonly integer: 'integer' | 'bigint';
  readonly key: 'integer' | 'bigserial';
  /** Appended to tables that are read by their primary key only. */
  readonly keyedTable: '' | 'without rowid';
}

export const sqliteTypes: ColumnTypes = { blob: 'blob', integer: 'integer', key: 'integer', keyedTable: 'without rowid' };

/** Forward only, in order of their names; a released one is never edited. */
export function migrations(types: ColumnTypes): Record<string, Migration> {
  return {
    '0001-first': {
      async up(db) {
        await createAccounts(db, types);
        await createSnapshots(db, types);
        await createSegments(db, types);
        await createBookkeeping(db, types);
      },
    },
    '0002-closure-epoch': {
      // Before it a new copy could open a tree beneath closed ones: from 2 on, everything is walked once more.
      async up(db) {
        await db.schema
          .alterTable('accounts')
          .addColumn('closure_epoch', sql.raw(types.integer), (c) => c.notNull().defaultTo(2))
          .execute();
      },
    },
  };
}

// Migrations see tables as they were then, never today's Schema.
type AnyTables = Kysely<unknown>;
type Column = 'key' | 'integer' | 'integer?' | 'blob' | 'blob?' | 'text';

/** A table of `columns`; with a `key` column that is its primary key, else `primary` is. */
function table(
  db: AnyTables,
  { blob, integer, key, keyedTable }: ColumnTypes,
  { name, columns, primary }: { readonly name: string; readonly columns: Readonly<Record<string, Column>>; readonly primary?: readonly string[] },
): CreateTableBuilder<string, string> {
  let builder: CreateTableBuilder<string, string> = db.schema.createTable(name);
  for (const [column, kind] of Object.entries(columns)) {
    if (kind === 'key') {
      builder = builder.addColumn(column, sql.raw(key), (c) => (key === 'integer' ? c.primaryKey().autoIncrement() : c.primaryKey()));
      continue;
    }
    const type = kind.startsWith('blob') ? blob : kind.startsWith('integer') ? integer : 'text';
    builder = builder.addColumn(column, sql.raw(type), (c) => (kind.endsWith('?') ? c : c.notNull()));
  }
  if (primary === undefined) return builder;
  const keyed = builder.addPrimaryKeyConstraint(`${name}_primary`, primary as string[]);
  return keyedTable === '' ? keyed : keyed.modifyEnd(sql.raw(keyedTable));
}

async function index(db: AnyTables, on: string, columns: readonly string[], unique?: 'unique'): Promise<void> {
  const builder = db.schema.createIndex(`${on}_${columns.join('_')}`).on(on).columns(columns as string[]);
  await (unique === undefined ? builder : builder.unique()).execute();
}

async function createAccounts(db: AnyTables, types: ColumnTypes): Promise<void> {
  await table(db, types, {
    name: 'accounts',
    columns: {
      key: 'key', id: 'blob', name: 'text', password_hash: 'text', created_at: 'integer', disabled: 'integer',
      quota_bytes: 'integer?', used_bytes: 'integer', seq: 'integer', gathered_seq: 'integer',
    },
  }).execute();
  await index(db, 'accounts', ['id'], 'unique');
  await index(db, 'accounts', ['name'], 'unique');
  await table(db, types, {
    name: 'devices',
    columns: {
      key: 'key', account: 'integer', id: 'blob', name: 'text', token_hash: 'blob', created_at: 'integer',
      seen_at: 'integer?', revoked_at: 'integer?', compromised_since: 'integer?',
    },
  }).execute();
  await index(db, 'devices', ['account', 'id'], 'unique');
  await index(db, 'devices', ['token_hash'], 'unique');
  await table(db, types, {
    name: 'key_rings',
    columns: { account: 'integer', version: 'integer', custody: 'text', wrapped: 'blob', created_at: 'integer' },
    primary: ['account', 'version'],
  }).execute();
}

async function createSnapshots(db: AnyTables, types: ColumnTypes): Promise<void> {
  await table(db, types, {
    name: 'workspaces',
    columns: { key: 'key', account: 'integer', id: 'blob', name: 'text', created_at: 'integer' },
  }).execute();
  await index(db, 'workspaces', ['account', 'id'], 'unique');
  await index(db, 'workspaces', ['account', 'name'], 'unique');
  await table(db, types, {
    name: 'lanes',
    columns: {
      key: 'key', account: 'integer', id: 'blob', workspace: 'integer', device: 'integer', origin: 'blob',
      created_at: 'integer', head_n: 'integer', head_id: 'blob?', head_seq: 'integer',
    },
  }).execute();
  await index(db, 'lanes', ['account', 'id'], 'unique');
  await index(db, 'lanes', ['account', 'origin']);
  await index(db, 'lanes', ['workspace']);
  await table(db, types, {
    name: 'snapshots',
    columns: {
      key: 'key', account: 'integer', seq: 'integer', id: 'blob', workspace: 'integer', lane: 'integer', n: 'integer',
      root: 'blob', partial: 'integer', received_at: 'integer', header: 'blob', sealed: 'blob?', sealed_hash: 'blob', rows: 'blob',
    },
  }).execute();
  await index(db, 'snapshots', ['account', 'seq'], 'unique');
  await index(db, 'snapshots', ['account', 'id'], 'unique');
  await index(db, 'snapshots', ['workspace', 'seq']);
  await index(db, 'snapshots', ['lane', 'n'], 'unique');
  await table(db, types, {
    name: 'path_rows',
    columns: { workspace: 'integer', path: 'blob', seq: 'integer', kind: 'integer', from_path: 'blob?' },
    primary: ['workspace', 'path', 'seq', 'kind'],
  }).execute();
  await table(db, types, {
    name: 'refs',
    columns: { workspace: 'integer', name: 'text', snapshot: 'blob', moved_at: 'integer' },
    primary: ['workspace', 'name'],
  }).execute();
}

async function createSegments(db: AnyTables, types: ColumnTypes): Promise<void> {
  await table(db, types, {
    name: 'segments',
    columns: {
      key: 'key', account: 'integer', sha256: 'blob', content: 'integer', bytes: 'integer', device: 'integer',
      received_at: 'integer', generation: 'integer', volume: 'integer?', position: 'integer?',
    },
  }).execute();
  await index(db, 'segments', ['account', 'sha256'], 'unique');
  // Rows with big values stand alone: the narrow tables beside them stay in the page cache.
  for (const [name, column] of [['inline_segments', 'content'], ['tree_headers', 'header']] as const) {
    await db.schema
      .createTable(name)
      .addColumn('segment', sql.raw(types.integer), (c) => c.primaryKey())
      .addColumn(column, sql.raw(types.blob), (c) => c.notNull())
      .execute();
  }
  await table(db, types, {
    name: 'objects',
    columns: { account: 'integer', id: 'blob', kind: 'integer', closed: 'integer', generation: 'integer', trashed_at: 'integer?' },
    primary: ['account', 'id'],
  }).execute();
  await table(db, types, {
    name: 'locations',
    columns: { account: 'integer', object: 'blob', segment: 'integer' },
    primary: ['account', 'object', 'segment'],
  }).execute();
}

async function createBookkeeping(db: AnyTables, types: ColumnTypes): Promise<void> {
  await table(db, types, { name: 'meta', columns: { name: 'text', value: 'text' }, primary: ['name'] }).execute();
  await table(db, types, {
    name: 'volumes',
    columns: { key: 'key', name: 'text', bytes: 'integer', created_at: 'integer' },
  }).execute();
  await index(db, 'volumes', ['name'], 'unique');
  await table(db, types, {
    name: 'generations',
    columns: { number: 'integer', started_at: 'integer', swept_at: 'integer?' },
    primary: ['number'],
  }).execute();
  await table(db, types, {
    name: 'events',
    columns: { key: 'key', account: 'integer', at: 'integer', body: 'text' },
  }).execute();
}
