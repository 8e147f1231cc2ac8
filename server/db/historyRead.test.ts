import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { fromHex } from '../../base/bytes.ts';
import { changeKinds } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { ChangeKind } from '../../engine/core/snapshot/snapshotTypes.ts';
import { Dice } from '../../engine/testing/dice.ts';
import type { AccountId, PathId, WorkspaceId } from '../../protocol/ids.ts';
import { historyPageMax } from '../../protocol/limits.ts';
import { readHistory } from './historyRead.ts';
import { openDatabase } from './openDatabase.ts';
import { Statements } from './statements.ts';

const account = 'aa'.repeat(16) as AccountId;
const workspace = 'bb'.repeat(16) as WorkspaceId;
const pathOf = (n: number): PathId => n.toString(16).padStart(48, '0') as PathId;
const kinds = Object.keys(changeKinds) as ChangeKind[];
const snapshots = 120;

interface Row {
  readonly path: PathId;
  readonly kind: ChangeKind;
  readonly seq: number;
}

describe('the history of a path', () => {
  let database: DatabaseSync;
  let statements: Statements;
  const rows: Row[] = [];

  before(async () => {
    database = await openDatabase(':memory:');
    statements = new Statements(database);
    statements.run("insert into accounts (key, id, name, password_hash, created_at, disabled, used_bytes, seq, gathered_seq) values (1, ?, 'me', '', 0, 0, 0, 0, 0)", fromHex(account));
    statements.run("insert into workspaces (key, account, id, name, created_at) values (1, 1, ?, 'w', 0)", fromHex(workspace));
    const dice = new Dice(3);
    for (let seq = 1; seq <= snapshots; seq++) {
      statements.run(
        `insert into snapshots (account, seq, id, workspace, lane, n, root, partial, received_at, header, sealed_hash, rows)
         values (1, ?, ?, 1, 1, ?, x'', 0, 0, x'', x'', x'')`,
        seq,
        fromHex(seq.toString(16).padStart(64, '0')),
        seq,
      );
      for (let n = 0; n < 8; n++) {
        for (const kind of kinds) if (dice.chance(0.12)) addRow({ path: pathOf(n), kind, seq });
      }
    }
  });
  after(() => database.close());

  function addRow(row: Row): void {
    rows.push(row);
    statements.run('insert into path_rows (workspace, path, seq, kind) values (1, ?, ?, ?)', fromHex(row.path), row.seq, changeKinds[row.kind]);
  }

  function wantedRows(path: PathId, ancestors: readonly PathId[]): readonly string[] {
    const concerns = (row: Row): boolean => row.path === path || (ancestors.includes(row.path) && (row.kind === 'below' || row.kind === 'moved-from'));
    return rows.filter(concerns).map(({ path: at, kind, seq }) => `${seq} ${at} ${kind}`);
  }

  test('paged with any limit gives every row that concerns it once, newest first, like a plain search', () => {
    for (const ancestors of [[], [pathOf(1)], [pathOf(1), pathOf(2), pathOf(3), pathOf(99)]]) {
      for (const limit of [1, 2, 3, 7, 50, historyPageMax]) {
        const seen: string[] = [];
        let before: number | undefined;
        for (;;) {
          const page = readHistory(statements, { account, workspace, path: pathOf(0), ancestors, before, limit });
          if (page.length === 0) break;
          assert.ok(page.every(({ seq }, i) => seq <= (page[i - 1]?.seq ?? seq)), 'newest first');
          assert.ok(before === undefined || page[0]!.seq < before);
          assert.ok(page.length >= Math.min(limit, wantedRows(pathOf(0), ancestors).length - seen.length), 'pages are full');
          seen.push(...page.map(({ path, kind, seq }) => `${seq} ${path} ${kind}`));
          before = page.at(-1)!.seq;
        }
        assert.deepEqual(seen.toSorted(), wantedRows(pathOf(0), ancestors).toSorted(), `limit ${limit}`);
        assert.equal(new Set(seen).size, seen.length);
      }
    }
  });

  test('of another account’s workspace is not found', () => {
    const query = { workspace, path: pathOf(0), ancestors: [], before: undefined, limit: 5 };
    assert.throws(() => readHistory(statements, { ...query, account: 'cc'.repeat(16) as AccountId }), { code: 'not-found' });
  });

  test('is one range of the index for each path, not a scan', () => {
    const plan = statements.all<{ detail: string }>(
      'explain query plan select path, kind, from_path, seq from path_rows where workspace = 1 and path = ? and seq < 9 and seq >= 0 order by seq desc limit 9',
      new Uint8Array(24),
    );
    assert.deepEqual(plan.map(({ detail }) => detail), ['SEARCH path_rows USING PRIMARY KEY (workspace=? AND path=? AND seq>? AND seq<?)']);
  });
});
