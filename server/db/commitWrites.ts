import { fromHex, toHex } from '../../base/bytes.ts';
import { assert, BackupError } from '../../base/errors.ts';
import type { CommitResult, LaneHead } from '../../engine/ports/repository.ts';
import { decodePathRows } from '../../engine/core/snapshot/pathRows.ts';
import { changeKinds } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { SnapshotId } from '../../protocol/ids.ts';
import type { Closure } from '../core/closure.ts';
import type { MetadataWrites } from '../core/metadataWrites.ts';
import { requireRoomFor } from './accountLimits.ts';
import { closureView } from './closureView.ts';
import { addEvent, scopeKeys, workspaceKey } from './rows.ts';
import type { ScopeKeys } from './rows.ts';
import { storeSegments, useBytes } from './segmentWrites.ts';
import type { Statements } from './statements.ts';

type Commit = Parameters<MetadataWrites['commit']>[0];
type IngestWrites = Pick<MetadataWrites, 'storeSegments' | 'commit'>;

interface Lane {
  readonly key: number;
  readonly workspace: number;
  readonly head: LaneHead | undefined;
}

export function ingestWrites(statements: Statements, closure: Closure): IngestWrites {
  return {
    storeSegments({ scope, at, segments }) {
      storeSegments(statements, { keys: scopeKeys(statements, scope), segments, at });
    },

    // The order is the protocol's: known, lane, objects, closure; then all of it or nothing.
    commit(commit) {
      const { scope, at, record, header, segments } = commit;
      const keys = scopeKeys(statements, scope);
      const lane = findLane(statements, keys, commit);
      const known = findSnapshot(statements, keys.account, record.id);
      if (known !== undefined) return answer(statements, { keys, lane, commit, known });
      if (lane.head?.id !== header.prev) return { kind: 'stale', head: lane.head };
      if (header.n !== (lane.head?.n ?? 0) + 1) throw new BackupError('invalid', 'The lane counter skips.', { n: header.n });
      storeSegments(statements, { keys, segments, at });
      const ids = closure(header.root, closureView(statements, keys));
      if (ids === 'unfinished') return { kind: 'unfinished' };
      if (ids.length > 0) return { kind: 'missing', ids };
      insertSnapshot(statements, { keys, lane, commit });
      const stored = findSnapshot(statements, keys.account, record.id);
      assert(stored, 'the new snapshot is there');
      return answer(statements, { keys, lane, commit, known: stored });
    },
  };
}

interface KnownSnapshot {
  readonly seq: number;
  readonly received_at: number;
}

function findSnapshot(statements: Statements, account: number, id: SnapshotId): KnownSnapshot | undefined {
  return statements.get<KnownSnapshot>('select seq, received_at from snapshots where account = ? and id = ?', account, fromHex(id));
}

/** Errors: `not-found` for what the account does not have, `denied` for another device's lane. */
function findLane(statements: Statements, { account, device }: ScopeKeys, { scope, header }: Commit): Lane {
  const workspace = workspaceKey(statements, account, header.workspace);
  const row = statements.get<{ key: number; workspace: number; device: number; head_n: number; head_id: Uint8Array | null }>(
    'select key, workspace, device, head_n, head_id from lanes where account = ? and id = ?',
    account,
    fromHex(header.lane),
  );
  if (row === undefined || row.workspace !== workspace) throw new BackupError('not-found', 'No such lane.');
  if (row.device !== device || header.device !== scope.device) {
    throw new BackupError('denied', 'Only its own device advances a lane.');
  }
  const head = row.head_id === null ? undefined : { n: row.head_n, id: toHex(row.head_id) as SnapshotId };
  return { key: row.key, workspace, head };
}

interface Placed {
  readonly keys: ScopeKeys;
  readonly lane: Lane;
  readonly commit: Commit;
}

function insertSnapshot(statements: Statements, { keys, lane, commit }: Placed): void {
  const { record, header, rows, at } = commit;
  useBytes(statements, keys.account, record.header.length + record.sealed.length + rows.length);
  const counted = statements.get<{ seq: number }>('update accounts set seq = seq + 1 where key = ? returning seq', keys.account);
  assert(counted, 'the account is there');
  const { seq } = counted;
  statements.run(
    `insert into snapshots (account, seq, id, workspace, lane, n, root, partial, received_at, header, sealed, sealed_hash, rows)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    keys.account,
    seq,
    fromHex(record.id),
    lane.workspace,
    lane.key,
    header.n,
    fromHex(header.root),
    header.partial ? 1 : 0,
    at,
    record.header,
    record.sealed,
    record.sealedHash,
    rows,
  );
  for (const { path, kind, from } of decodePathRows(rows)) {
    statements.run(
      'insert into path_rows (workspace, path, seq, kind, from_path) values (?, ?, ?, ?, ?) on conflict do nothing',
      lane.workspace,
      fromHex(path),
      seq,
      changeKinds[kind],
      from === undefined ? null : fromHex(from),
    );
  }
  statements.run('update lanes set head_n = ?, head_id = ?, head_seq = ? where key = ?', header.n, fromHex(record.id), seq, lane.key);
}

function answer(statements: Statements, { keys, lane, commit, known }: Placed & { readonly known: KnownSnapshot }): CommitResult {
  const gathered = statements.get<{ gathered_seq: number }>('select gathered_seq from accounts where key = ?', keys.account);
  return {
    kind: 'committed',
    seq: known.seq,
    receivedAt: known.received_at,
    gatheredSeq: gathered?.gathered_seq ?? 0,
    ...advanceRef(statements, { keys, lane, commit }),
  };
}

/** Moves the ref when it still is where the client saw it; a ref that is there already counts as moved. */
function advanceRef(
  statements: Statements,
  { keys, lane, commit }: Placed,
): { readonly advanced: boolean; readonly ref: SnapshotId | undefined } {
  const { advance, record, header, at } = commit;
  if (advance === undefined) return { advanced: false, ref: undefined };
  const row = statements.get<{ snapshot: Uint8Array }>('select snapshot from refs where workspace = ? and name = ?', lane.workspace, advance.ref);
  const now = row && (toHex(row.snapshot) as SnapshotId);
  if (now === record.id) return { advanced: true, ref: now };
  if (now !== advance.expect) return { advanced: false, ref: now };
  if (now === undefined) requireRoomFor('refs', statements, keys.account);
  statements.run(
    `insert into refs (workspace, name, snapshot, moved_at) values (?, ?, ?, ?)
     on conflict (workspace, name) do update set snapshot = excluded.snapshot, moved_at = excluded.moved_at`,
    lane.workspace,
    advance.ref,
    fromHex(record.id),
    at,
  );
  addEvent(statements, { account: keys.account, at, event: { kind: 'ref', workspace: header.workspace, ref: advance.ref, snapshot: record.id } });
  return { advanced: true, ref: record.id };
}
