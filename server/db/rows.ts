import { fromHex, toHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import type { AccountId, DeviceId, WorkspaceId } from '../../protocol/ids.ts';
import type { AccountInfo, DeviceInfo, StoredAccount } from '../core/accountStore.ts';
import type { StoredEvent } from '../core/metadataWrites.ts';
import type { DeviceScope } from '../core/serverCore.ts';
import type { Statements } from './statements.ts';

/** The keys of who asks. */
export interface ScopeKeys {
  readonly account: number;
  readonly device: number;
}

/** Errors: `denied` when the device is unknown or revoked, or its account disabled. */
export function scopeKeys(statements: Statements, { account, device }: DeviceScope): ScopeKeys {
  const found = statements.get<{ account: number; device: number }>(
    `select a.key as account, d.key as device from accounts a join devices d on d.account = a.key
     where a.id = ? and a.disabled = 0 and d.id = ? and d.revoked_at is null`,
    fromHex(account),
    fromHex(device),
  );
  if (found === undefined) throw new BackupError('denied', 'This device may no longer use this account.');
  return found;
}

/** Errors: `not-found`. */
export function accountKey(statements: Statements, account: AccountId): number {
  const found = statements.get<{ key: number }>('select key from accounts where id = ?', fromHex(account));
  if (found === undefined) throw new BackupError('not-found', 'No such account.');
  return found.key;
}

/** Errors: `not-found`, for another account's workspace too. */
export function workspaceKey(statements: Statements, account: number, workspace: WorkspaceId): number {
  const found = statements.get<{ key: number }>('select key from workspaces where account = ? and id = ?', account, fromHex(workspace));
  if (found === undefined) throw new BackupError('not-found', 'No such workspace.');
  return found.key;
}

export function addEvent(statements: Statements, { account, at, event }: { readonly account: number; readonly at: number; readonly event: StoredEvent }): void {
  statements.run('insert into events (account, at, body) values (?, ?, ?)', account, at, JSON.stringify(event));
}

export function metaValue(statements: Statements, name: string): string | undefined {
  return statements.get<{ value: string }>('select value from meta where name = ?', name)?.value;
}

export function setMetaValue(statements: Statements, name: string, value: string): void {
  statements.run('insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value', name, value);
}

export interface AccountRow {
  readonly id: Uint8Array;
  readonly name: string;
  readonly password_hash: string;
  readonly created_at: number;
  readonly disabled: number;
  readonly quota_bytes: number | null;
  readonly used_bytes: number;
}

export const accountColumns = ['id', 'name', 'password_hash', 'created_at', 'disabled', 'quota_bytes', 'used_bytes'] as const;

export function accountInfo(row: Omit<AccountRow, 'password_hash'>): AccountInfo {
  return {
    id: toHex(row.id) as AccountId,
    name: row.name,
    createdAt: row.created_at,
    disabled: row.disabled !== 0,
    quotaBytes: row.quota_bytes ?? undefined,
    usedBytes: row.used_bytes,
  };
}

export function storedAccount(row: AccountRow): StoredAccount {
  return { ...accountInfo(row), passwordHash: row.password_hash };
}

export interface DeviceRow {
  readonly id: Uint8Array;
  readonly name: string;
  readonly created_at: number;
  readonly seen_at: number | null;
  readonly revoked_at: number | null;
}

export const deviceColumns = ['id', 'name', 'created_at', 'seen_at', 'revoked_at'] as const;

export function deviceInfo(row: DeviceRow, account: AccountId): DeviceInfo {
  return {
    id: toHex(row.id) as DeviceId,
    account,
    name: row.name,
    createdAt: row.created_at,
    lastSeenAt: row.seen_at ?? undefined,
    revoked: row.revoked_at !== null,
  };
}
