import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDatabase, openReader } from './openDatabase.ts';

describe('the database file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-database-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('is its owner’s alone, and so are the files beside it', { skip: process.platform === 'win32' }, async () => {
    const database = await openDatabase(join(folder, 'some.sqlite'));
    try {
      const names = await readdir(folder);
      assert.ok(names.length >= 3, names.join());
      for (const name of names) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    } finally {
      database.close();
    }
  });

  test('flushes every commit to the disk before it answers', async () => {
    const database = await openDatabase(join(folder, 'flushed.sqlite'));
    try {
      // 2 is FULL; in WAL mode anything less answers before the log is flushed.
      assert.equal(database.prepare('pragma synchronous').get()?.['synchronous'], 2);
      assert.equal(database.prepare('pragma journal_mode').get()?.['journal_mode'], 'wal');
    } finally {
      database.close();
    }
  });

  test('keeps its locks while it is opened a second time in the same process', async () => {
    const file = join(folder, 'locked.sqlite');
    const first = await openDatabase(file);
    const second = await openDatabase(file);
    try {
      first.exec('begin exclusive');
      second.exec('pragma busy_timeout = 0');
      assert.throws(() => second.exec('begin immediate'), /locked/);
      first.exec('rollback');
    } finally {
      first.close();
      second.close();
    }
  });

  test('of an older version is brought up to date by a writer, and told of by a reader', async () => {
    const file = join(folder, 'older.sqlite');
    const database = await openDatabase(file);
    database.exec("delete from kysely_migration where name = '0002-closure-epoch'; alter table accounts drop column closure_epoch");
    database.exec("insert into accounts (id, name, password_hash, created_at, disabled, used_bytes, seq, gathered_seq) values (x'01', 'me', '', 0, 0, 0, 0, 0)");
    database.close();
    assert.throws(() => openReader(file), { code: 'invalid', message: /start the server once/ });
    (await openDatabase(file)).close();
    const reader = openReader(file);
    assert.equal(reader.prepare('select closure_epoch from accounts').get()?.['closure_epoch'], 2, 'what was closed is walked again');
    reader.close();
  });
});
