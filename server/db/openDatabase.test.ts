import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDatabase } from './openDatabase.ts';

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
});
