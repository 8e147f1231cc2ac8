import type { DatabaseSync } from 'node:sqlite';
import { isBackupError } from '../../base/errors.ts';
import type { WriteOutcome, WriteRequest } from '../core/metadata.ts';
import type { MetadataWrites } from '../core/metadataWrites.ts';
import { fromSqlite } from './sqliteErrors.ts';

/**
 * Decides all requests in order in one transaction, each behind its own savepoint, and commits them with one flush.
 * Errors: what made the whole batch fail; then none of it happened. When the disk is full, whatever still fits is
 * done one by one, so that one large request does not refuse small ones.
 */
export function runBatch(database: DatabaseSync, writes: MetadataWrites, requests: readonly WriteRequest[]): readonly WriteOutcome[] {
  try {
    return runTransaction(database, writes, requests);
  } catch (error) {
    if (requests.length === 1 || !isBackupError(error, 'limit')) throw error;
    return requests.map((request) => runAlone(database, writes, request));
  }
}

function runAlone(database: DatabaseSync, writes: MetadataWrites, request: WriteRequest): WriteOutcome {
  try {
    return runTransaction(database, writes, [request])[0]!;
  } catch (error) {
    return { kind: 'refused', error };
  }
}

function runTransaction(database: DatabaseSync, writes: MetadataWrites, requests: readonly WriteRequest[]): readonly WriteOutcome[] {
  try {
    database.exec('begin immediate');
    const outcomes = requests.map((request) => runOne(database, writes, request));
    database.exec('commit');
    return outcomes;
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    throw fromSqlite(error);
  }
}

function runOne(database: DatabaseSync, writes: MetadataWrites, { name, request }: WriteRequest): WriteOutcome {
  database.exec('savepoint request');
  try {
    // Name and request belong together by WriteRequest, which the compiler cannot follow through the index.
    const write = writes[name] as (request: unknown) => unknown;
    const value = write(request);
    database.exec('release request');
    return { kind: 'done', value };
  } catch (error) {
    // A full disk may have ended the transaction already: then the batch has failed, not this request.
    if (!database.isTransaction) throw error;
    database.exec('rollback to request');
    database.exec('release request');
    return { kind: 'refused', error: fromSqlite(error) };
  }
}

/** Runs one question within one consistent state. */
export function runRead<T>(database: DatabaseSync, read: () => T): T {
  try {
    database.exec('begin');
    const answer = read();
    database.exec('commit');
    return answer;
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    throw fromSqlite(error);
  }
}
