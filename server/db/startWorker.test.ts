import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDatabase } from './openDatabase.ts';
import { DatabaseThread } from './startWorker.ts';

describe('a database thread', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-thread-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('that ended fails what it was asked, and the next question finds another', async () => {
    const file = join(folder, 'late.sqlite');
    const thread = new DatabaseThread({ role: 'reader', file });
    const ask = (): Promise<unknown> => thread.call({ kind: 'read', name: 'accounts', query: [] });
    // A reader cannot open what is not there.
    for (let i = 0; i < 2; i++) await assert.rejects(Promise.all([ask(), ask()]), { code: 'unavailable' });
    (await openDatabase(file)).close();
    assert.deepEqual(await Promise.all([ask(), ask()]), [[], []]);
    await thread.close();
    await thread.close();
    await assert.rejects(ask(), { code: 'unavailable' });
  });

  test('answers what was asked before it is closed', async () => {
    const file = join(folder, 'some.sqlite');
    const thread = new DatabaseThread({ role: 'writer', file });
    const asked = thread.call({ kind: 'batch', requests: [] });
    await thread.close();
    assert.deepEqual(await asked, []);
  });
});
