import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { BackupError, messageOf, systemCodeOf } from '../../base/errors.ts';
import { migrations, sqliteTypes } from './migrations.ts';
import type { Schema } from './schema.ts';
import { sqliteDialect } from './sqliteDialect.ts';

/** How long a statement waits for another process's write (`user add` beside a running server). */
const busyWaitMs = 10_000;
/** What SQLite may keep of the file in memory, per connection. */
const cacheKib = 64 * 1024;

/** To this the write-ahead log is cut when it starts over; one large batch may have made it long. */
const journalBytesKept = 64 * 1024 * 1024;

/** Opens for writing, making and migrating the file. Errors: `invalid` for data of a newer version. */
export async function openDatabase(file: string): Promise<DatabaseSync> {
  await makePrivate(file);
  const database = new DatabaseSync(file, { timeout: busyWaitMs });
  try {
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec(`pragma journal_size_limit = ${journalBytesKept}`);
    database.exec(`pragma cache_size = -${cacheKib}`);
    await migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * SQLite would make it readable by all; the files beside it get the same mode. It holds password hashes. An existing
 * file is never opened here: closing it would drop the locks that SQLite holds on it elsewhere in this process.
 */
async function makePrivate(file: string): Promise<void> {
  if (file === ':memory:') return;
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
}

/** Opens for reading only. Errors: `invalid` for data of another version: only `openDatabase` can bring it up to date. */
export function openReader(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyWaitMs, readOnly: true });
  try {
    if (!isUpToDate(database)) {
      throw new BackupError('invalid', 'This data was written by an older version of the server: start the server once, then ask again.');
    }
    database.exec(`pragma cache_size = -${cacheKib}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Errors: `invalid` for data of a newer version. */
function isUpToDate(database: DatabaseSync): boolean {
  const known = migrations(sqliteTypes);
  if (database.prepare("select 1 from sqlite_master where name = 'kysely_migration'").get() === undefined) return false;
  const done = database.prepare('select name from kysely_migration').all();
  const newer = done.find(({ name }) => !Object.hasOwn(known, String(name)));
  if (newer !== undefined) {
    throw new BackupError('invalid', 'This data was written by a newer version of the server.', { migration: String(newer.name) });
  }
  return done.length === Object.keys(known).length;
}

async function migrate(database: DatabaseSync): Promise<void> {
  if (isUpToDate(database)) return;
  const known = migrations(sqliteTypes);
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database) });
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => known } }).migrateToLatest();
  if (error !== undefined) {
    throw new BackupError('unavailable', `The database could not be brought up to date: ${messageOf(error)}`, {}, { cause: error });
  }
}
