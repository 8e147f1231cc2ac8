import { fromHex, toHex } from '../../base/bytes.ts';
import { isBackupError } from '../../base/errors.ts';
import { decodePathRows } from '../../engine/core/snapshot/pathRows.ts';
import { changeKinds } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { AccountId, LaneId, ObjectId, SnapshotId, TreeId } from '../../protocol/ids.ts';
import { objectIdBytes, objectKinds } from '../../protocol/ids.ts';
import type { CheckReads, ObjectPosition, SegmentToCheck, SnapshotToCheck } from '../core/checkReads.ts';
import { walkToEnd } from '../core/closure.ts';
import type { ClosureView } from '../core/closure.ts';
import { childrenFor, closureView } from './closureView.ts';
import { Declarations } from './declarations.ts';
import { accountKey } from './rows.ts';
import { segmentContents } from './segmentWrites.ts';
import type { Statements } from './statements.ts';

const segmentsPageMax = 1_000;
const nobody = 0;

export function checkReads(statements: Statements): CheckReads {
  const { kysely } = statements;
  return {
    segmentsToCheck: ({ after, bytesMax }) => readSegmentsToCheck(statements, after, bytesMax),
    unlocated({ segment, ids }) {
      const faults: ObjectId[] = [];
      for (let i = 0; i * objectIdBytes < ids.length; i++) {
        const id = ids.subarray(i * objectIdBytes, (i + 1) * objectIdBytes);
        const found = statements.get(
          `select 1 from segments s join locations l on l.account = s.account and l.object = ? and l.segment = s.key
           join objects o on o.account = s.account and o.id = l.object where s.key = ?`,
          id,
          segment,
        );
        if (found === undefined) faults.push(toHex(id) as ObjectId);
      }
      return faults;
    },
    locationsCount: ({ upTo }) => statements.get<{ count: number }>('select count(*) as count from locations where segment <= ?', upTo)!.count,
    checkObjects: ({ after, limit }) => checkObjects(statements, after, limit),
    missingUnder({ account, device, roots, trust }) {
      const view = readOnlyView(statements, { account: accountKey(statements, account), device, trust });
      return roots.map((root) => walkDamaged(root, view).length);
    },
    lanesToCheck() {
      const lanes = kysely.selectFrom('lanes').innerJoin('accounts', 'accounts.key', 'lanes.account');
      const columns = ['lanes.key as lane', 'lanes.id as id', 'lanes.device as device', 'accounts.id as account', 'lanes.head_n as headN', 'lanes.head_id as head'] as const;
      return statements.rows(lanes.select(columns).orderBy('lanes.key')).map((row) => ({
        lane: row.lane,
        id: toHex(row.id) as LaneId,
        device: row.device,
        account: toHex(row.account) as AccountId,
        headN: row.headN,
        head: row.head === null ? undefined : (toHex(row.head) as SnapshotId),
      }));
    },
    snapshotsToCheck({ lane, after, limit }) {
      const columns = ['workspace', 'seq', 'n', 'root', 'partial', 'id', 'header', 'sealed', 'sealed_hash', 'rows'] as const;
      const found = kysely.selectFrom('snapshots').select(columns).where('lane', '=', lane).where('n', '>', after).orderBy('n').limit(limit);
      return statements.rows(found).map((row) => snapshotToCheck(statements, row));
    },
    danglingRefs() {
      const refs = statements.all<{ account: Uint8Array; name: string; snapshot: Uint8Array }>(
        `select a.id as account, r.name, r.snapshot from refs r join workspaces w on w.key = r.workspace join accounts a on a.key = w.account
         where not exists (select 1 from snapshots s where s.account = w.account and s.id = r.snapshot and s.workspace = w.key)`,
      );
      return refs.map(({ account, name, snapshot }) => ({ account: toHex(account) as AccountId, name, snapshot: toHex(snapshot) as SnapshotId }));
    },
    rings() {
      const rings = kysely.selectFrom('key_rings').innerJoin('accounts', 'accounts.key', 'key_rings.account');
      const rows = statements.rows(rings.select(['accounts.id as account', 'version', 'wrapped']));
      return rows.map(({ account, version, wrapped }) => ({ account: toHex(account) as AccountId, version, wrapped }));
    },
  };
}

function readSegmentsToCheck(statements: Statements, after: number, bytesMax: number): readonly SegmentToCheck[] {
  const rows = statements.all<{
    key: number;
    account: Uint8Array;
    sha256: Uint8Array;
    content: number;
    bytes: number;
    volume: string | null;
    position: number | null;
    inline: Uint8Array | null;
    header: Uint8Array | null;
  }>(
    `select s.key, a.id as account, s.sha256, s.content, s.bytes, v.name as volume, s.position, i.content as inline, h.header
     from segments s join accounts a on a.key = s.account left join volumes v on v.key = s.volume
     left join inline_segments i on i.segment = s.key left join tree_headers h on h.segment = s.key
     where s.key > ? order by s.key limit ?`,
    after,
    segmentsPageMax,
  );
  let bytes = 0;
  return rows
    .filter((row, i) => (bytes += row.bytes) <= bytesMax || i === 0)
    .map((row) => ({
      segment: row.key,
      account: toHex(row.account) as AccountId,
      sha256: row.sha256,
      bytes: row.bytes,
      content: row.content === segmentContents.trees ? 'trees' : 'data',
      header: row.header ?? undefined,
      place:
        row.volume === null
          ? { kind: 'inline', content: row.inline ?? new Uint8Array(0) }
          : { kind: 'volume', volume: row.volume, offset: row.position ?? 0 },
    }));
}

interface CheckView {
  readonly account: number;
  readonly device: number;
  readonly trust: 'bits' | 'nothing';
}

/** Sees the stored bits or none of them, and keeps what it closes to itself. */
function readOnlyView(statements: Statements, { account, device, trust }: CheckView): ClosureView {
  const view = closureView(statements, { account, device });
  const declarations = new Declarations(statements, account);
  const closed = new Set<ObjectId>();
  const find = (id: ObjectId): ReturnType<ClosureView['find']> => {
    const object = view.find(id);
    // A chunk has no children: it is closed again at once.
    return object && trust === 'nothing' ? { closed: false } : object;
  };
  return {
    find: (id) => (closed.has(id) ? { closed: true } : find(id)),
    children(id) {
      const copies = declarations.of(id);
      const declared = childrenFor(device, copies);
      if (declared.by === 'own') return declared;
      // A lie that was told after the commit takes nothing away from what was committed.
      const whole = copies.find(({ ids }) => ids.length < declared.ids.length && ids.every((child) => find(child) !== undefined));
      return whole === undefined ? declared : { ids: whole.ids, by: 'others', whole: false };
    },
    close: (id) => void closed.add(id),
  };
}

/** A child list that cannot be read makes everything above it incomplete; which one it is, the segments tell. */
function walkDamaged(root: ObjectId, view: ClosureView): readonly ObjectId[] {
  try {
    return walkToEnd(root, view);
  } catch (error) {
    if (isBackupError(error, 'invalid')) return [root];
    throw error;
  }
}

/**
 * Every object has a location, and of every closed tree or list each copy declares only what is stored and closed. By
 * induction nothing is missing anywhere beneath a closed tree, whichever copy is the true one.
 */
function checkObjects(statements: Statements, after: ObjectPosition | undefined, limit: number): ReturnType<CheckReads['checkObjects']> {
  const rows = statements.all<{ account: number; accountId: Uint8Array; id: Uint8Array; closed: number; location: number | null }>(
    `select o.account, a.id as accountId, o.id, o.kind <> ${objectKinds.chunk} and o.closed = a.closure_epoch as closed,
       (select min(l.segment) from locations l join segments s on s.key = l.segment where l.account = o.account and l.object = o.id) as location
     from objects o join accounts a on a.key = o.account
     where o.account > ? or (o.account = ? and o.id > ?) order by o.account, o.id limit ?`,
    after?.account ?? 0,
    after?.account ?? 0,
    after?.id ?? new Uint8Array(0),
    limit,
  );
  const faults: ReturnType<CheckReads['checkObjects']>['faults'][number][] = [];
  const isClosed = closedChecker(statements);
  for (const { account, accountId, id, closed, location } of rows) {
    const object = toHex(id) as ObjectId;
    const fault = (message: string): number => faults.push({ account: toHex(accountId) as AccountId, object, message });
    if (location === null) fault('It is in no segment.');
    else if (closed === 1 && !isClosed(account, object)) fault('It is marked closed, and something beneath it is missing.');
  }
  const last = rows.at(-1);
  return { count: rows.length, faults, next: rows.length < limit || last === undefined ? undefined : { account: last.account, id: last.id } };
}

function closedChecker(statements: Statements): (account: number, id: ObjectId) => boolean {
  const kept = new Map<number, { readonly view: ClosureView; readonly declarations: Declarations }>();
  return (account, id) => {
    const parts = kept.get(account) ?? { view: closureView(statements, { account, device: nobody }), declarations: new Declarations(statements, account) };
    kept.set(account, parts);
    try {
      return parts.declarations.of(id).every(({ ids }) => ids.every((child) => parts.view.find(child)?.closed === true));
    } catch (error) {
      if (isBackupError(error, 'invalid')) return false; // a damaged header
      throw error;
    }
  };
}

function snapshotToCheck(
  statements: Statements,
  row: {
    readonly workspace: number;
    readonly seq: number;
    readonly n: number;
    readonly root: Uint8Array;
    readonly partial: number;
    readonly id: Uint8Array;
    readonly header: Uint8Array;
    readonly sealed: Uint8Array | null;
    readonly sealed_hash: Uint8Array;
    readonly rows: Uint8Array;
  },
): SnapshotToCheck {
  return {
    seq: row.seq,
    n: row.n,
    root: toHex(row.root) as TreeId,
    partial: row.partial === 1,
    record: { id: toHex(row.id) as SnapshotId, header: row.header, sealed: row.sealed ?? undefined, sealedHash: row.sealed_hash },
    rows: row.rows,
    rowsIndexed: countIndexed(statements, row),
  };
}

/** None when they cannot be read: their checksum tells. */
function countIndexed(
  statements: Statements,
  { workspace, seq, rows }: { readonly workspace: number; readonly seq: number; readonly rows: Uint8Array },
): number {
  const find = 'select 1 from path_rows where workspace = ? and path = ? and seq = ? and kind = ?';
  try {
    return decodePathRows(rows).filter(({ path, kind }) => statements.get(find, workspace, fromHex(path), seq, changeKinds[kind]) !== undefined).length;
  } catch (error) {
    if (isBackupError(error, 'invalid')) return 0;
    throw error;
  }
}
