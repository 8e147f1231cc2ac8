import { BackupError } from '../../base/errors.ts';
import { devicesMax, lanesMax, refsMax, workspacesMax } from '../../protocol/limits.ts';
import type { Statements } from './statements.ts';

const counted = {
  workspaces: { countMax: workspacesMax, sql: 'select count(*) as count from workspaces where account = ?', advice: 'no further one can be made' },
  lanes: { countMax: lanesMax, sql: 'select count(*) as count from lanes where account = ?', advice: 'no further folder can be added' },
  refs: {
    countMax: refsMax,
    sql: 'select count(*) as count from refs r join workspaces w on w.key = r.workspace where w.account = ?',
    advice: 'no further one can be made',
  },
  devices: {
    countMax: devicesMax,
    sql: 'select count(*) as count from devices where account = ? and revoked_at is null',
    advice: 'revoke those that are not in use, then sign in again',
  },
} as const;

/** Before one more is made. Errors: `limit` when the account has as many as it may. */
export function requireRoomFor(what: keyof typeof counted, statements: Statements, account: number): void {
  const { countMax, sql, advice } = counted[what];
  const { count } = statements.get<{ count: number }>(sql, account)!;
  if (count >= countMax) throw new BackupError('limit', `The account has ${count} ${what}, as many as it may: ${advice}.`, { reason: 'quota', countMax });
}
