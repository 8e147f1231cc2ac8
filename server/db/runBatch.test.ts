import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { AccountId, DeviceId, WorkspaceId } from '../../protocol/ids.ts';
import { isBackupError } from '../../base/errors.ts';
import { walkClosure } from '../core/closure.ts';
import type { WriteOutcome, WriteRequest } from '../core/metadata.ts';
import { openDatabase } from './openDatabase.ts';
import { runBatch } from './runBatch.ts';
import { Statements } from './statements.ts';
import { metadataWrites } from './writes.ts';

const account = 'aa'.repeat(16) as AccountId;
const device = 'dd'.repeat(16) as DeviceId;
const scoped = { scope: { account, device }, at: 1 };

function workspace(name: string, id = name.padEnd(32, '0')): WriteRequest {
  return { name: 'createWorkspace', request: { ...scoped, id: id as WorkspaceId, name } };
}

function segment(bytes: number, fill: number): WriteRequest {
  const place = { kind: 'inline', content: new Uint8Array(bytes).fill(fill) } as const;
  const one = { sha256: new Uint8Array(32).fill(fill), content: 'data', bytes, ids: new Uint8Array(24).fill(fill), kinds: Uint8Array.of(1), header: undefined, place } as const;
  return { name: 'storeSegments', request: { ...scoped, segments: [one] } };
}

function codes(outcomes: readonly WriteOutcome[]): readonly string[] {
  return outcomes.map((outcome) => (outcome.kind === 'done' ? 'done' : isBackupError(outcome.error) ? outcome.error.code : 'bug'));
}

describe('runBatch', () => {
  let database: DatabaseSync;
  let run: (...requests: readonly WriteRequest[]) => readonly WriteOutcome[];
  const count = (table: string): unknown => database.prepare(`select count(*) as n from ${table}`).get()?.['n'];

  beforeEach(async () => {
    database = await openDatabase(':memory:');
    const writes = metadataWrites(new Statements(database), walkClosure);
    run = (...requests) => runBatch(database, writes, requests);
    run(
      { name: 'createAccount', request: { id: account, name: 'me', passwordHash: '', at: 1 } },
      { name: 'createDevice', request: { id: device, account, name: 'laptop', tokenHash: new Uint8Array(32), at: 1 } },
    );
  });
  afterEach(() => database.close());

  test('decides requests in order, later ones seeing what earlier ones did', () => {
    assert.deepEqual(codes(run(workspace('a'), workspace('a'), workspace('a', 'bb'.repeat(16)), workspace('b'))), ['done', 'done', 'conflict', 'done']);
    assert.equal(count('workspaces'), 2);
  });

  test('takes back all that a refused request did and nothing of the others', () => {
    run({ name: 'setQuota', request: { account, quotaBytes: 250 } });
    // The bytes are stored before the quota is looked at: only the savepoint takes them out again.
    assert.deepEqual(codes(run(segment(100, 1), segment(1_000, 2), segment(100, 3))), ['done', 'limit', 'done']);
    assert.deepEqual([count('segments'), count('inline_segments'), count('objects'), count('locations')], [2, 2, 2, 2]);
    assert.equal(database.prepare('select used_bytes from accounts').get()?.['used_bytes'], 200);
  });

  test('a bug in one request leaves the others alone', () => {
    const broken = { name: 'storeSegments', request: { ...scoped, segments: [undefined] } } as unknown as WriteRequest;
    assert.deepEqual(codes(run(workspace('a'), broken, workspace('b'))), ['done', 'bug', 'done']);
    assert.equal(count('workspaces'), 2);
  });

  test('a full disk refuses what does not fit with limit, and reads and small writes go on', () => {
    const { page_count: pages } = database.prepare('pragma page_count').get() as { page_count: number };
    database.exec(`pragma max_page_count = ${pages + 2}`);
    const outcomes = codes(run(workspace('a'), segment(500_000, 1)));
    assert.deepEqual(outcomes, ['done', 'limit']);
    assert.deepEqual([count('workspaces'), count('segments'), count('objects')], [1, 0, 0]);
    database.exec('pragma max_page_count = 1000000');
    assert.deepEqual(codes(run(segment(500_000, 1))), ['done']);
  });

  test('a revoked device and a disabled account are denied, whatever they were allowed before', () => {
    run({ name: 'revokeDevice', request: { account, device, at: 2 } });
    assert.deepEqual(codes(run(workspace('a'), segment(10, 1))), ['denied', 'denied']);
    run({ name: 'setDisabled', request: { account, disabled: true } });
    assert.deepEqual(codes(run({ name: 'createRing', request: { ...scoped, wrapped: Uint8Array.of(1) } })), ['denied']);
  });

  test('leaves no transaction open when the batch fails', () => {
    database.exec('begin');
    assert.throws(() => run(workspace('a')));
    assert.equal(database.isTransaction, false);
    assert.deepEqual(codes(run(workspace('a'))), ['done']);
  });
});
