import type { Statements } from './statements.ts';

/**
 * SQL: whether a copy counts, of a segment `s` and the device `d` that sent it. What a compromised device sent since
 * then counts as not stored: nobody fetches it, no closure rests on it, and honest devices send it again.
 */
export const standing = '(d.compromised_since is null or s.received_at < d.compromised_since)';

/** SQL: whether an object `o` has a copy that counts. */
export const hasStandingCopy = `exists (select 1 from locations l join segments s on s.key = l.segment join devices d on d.key = s.device
  where l.account = o.account and l.object = o.id and ${standing})`;

/** The SQL that finds an object by account and id when it is stored: the longer one only for who needs it. */
export function storedObjectSql(statements: Statements, account: number, columns: string): string {
  const compromised = statements.get('select 1 from devices where account = ? and compromised_since is not null', account) !== undefined;
  const found = `select ${columns} from objects o where o.account = ? and o.id = ? and o.trashed_at is null`;
  return compromised ? `${found} and ${hasStandingCopy}` : found;
}
