import { fromHex, toHex } from '../../base/bytes.ts';
import type { HistoryRow } from '../../engine/ports/repository.ts';
import { changeKinds } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { ChangeKind } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { PathId, SnapshotId } from '../../protocol/ids.ts';
import { historyPageMax } from '../../protocol/limits.ts';
import type { MetadataReads } from '../core/metadataReads.ts';
import { accountKey, workspaceKey } from './rows.ts';
import type { Statements } from './statements.ts';

type History = Parameters<MetadataReads['history']>[0];

interface Row {
  readonly path: Uint8Array;
  readonly kind: number;
  readonly from_path: Uint8Array | null;
  readonly seq: number;
}

const kindOfCode = new Map(Object.entries(changeKinds).map(([kind, code]) => [code as number, kind as ChangeKind]));

/** Rows that one snapshot can have of one path. */
const kindsCount = Object.keys(changeKinds).length;

/**
 * One range per path over (workspace, path, seq), newest first, of which the newest `limit` rows are kept. All rows
 * of a snapshot come on one page, so that asking for what is before a page's last `seq` leaves nothing out: for that
 * a page may be a little longer than `limit`, never longer than `historyPageMax` unless one snapshot alone is.
 */
export function readHistory(statements: Statements, { account, workspace, path, ancestors, before, limit }: History): readonly HistoryRow[] {
  const inAccount = accountKey(statements, account);
  const inWorkspace = workspaceKey(statements, inAccount, workspace);
  const below = before ?? Number.MAX_SAFE_INTEGER;
  let rows: Row[] = [];
  let floor = 0;

  function take(id: PathId, kinds: string): void {
    rows.push(
      ...statements.all<Row>(
        `select path, kind, from_path, seq from path_rows
         where workspace = ? and path = ? and seq < ? and seq >= ? ${kinds} order by seq desc limit ?`,
        inWorkspace,
        fromHex(id),
        below,
        floor,
        limit + kindsCount,
      ),
    );
    if (rows.length <= limit) return;
    rows.sort((a, b) => b.seq - a.seq);
    floor = rows[limit]!.seq;
    rows = rows.filter(({ seq }) => seq >= floor);
  }

  take(path, '');
  for (const ancestor of ancestors) take(ancestor, `and kind in (${changeKinds['moved-from']}, ${changeKinds.below})`);
  rows.sort((a, b) => b.seq - a.seq);
  return wholeSnapshots(rows, limit).map((row) => historyRow(statements, inAccount, row));
}

function wholeSnapshots(rows: readonly Row[], limit: number): readonly Row[] {
  const last = rows[limit - 1];
  if (last === undefined) return rows;
  const whole = rows.filter(({ seq }) => seq >= last.seq);
  const newer = rows.filter(({ seq }) => seq > last.seq);
  return whole.length > historyPageMax && newer.length > 0 ? newer : whole;
}

function historyRow(statements: Statements, account: number, { path, kind, from_path, seq }: Row): HistoryRow {
  const snapshot = statements.get<{ id: Uint8Array }>('select id from snapshots where account = ? and seq = ?', account, seq);
  return {
    path: toHex(path) as PathId,
    kind: kindOfCode.get(kind)!,
    from: from_path === null ? undefined : (toHex(from_path) as PathId),
    seq,
    snapshot: toHex(snapshot!.id) as SnapshotId,
  };
}
