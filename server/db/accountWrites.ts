import { fromHex } from '../../base/bytes.ts';
import { assert, BackupError } from '../../base/errors.ts';
import type { MetadataWrites } from '../core/metadataWrites.ts';
import { requireRoomFor } from './accountLimits.ts';
import { forgetClosures } from './closureView.ts';
import { accountColumns, accountInfo, accountKey, addEvent, deviceColumns, deviceInfo } from './rows.ts';
import type { Statements } from './statements.ts';

type AccountWrites = Pick<
  MetadataWrites,
  'createAccount' | 'setPasswordHash' | 'setDisabled' | 'setQuota' | 'createDevice' | 'revokeDevice' | 'markCompromised' | 'touchDevice'
>;

export function accountWrites(statements: Statements): AccountWrites {
  const { kysely } = statements;
  const change = (account: Parameters<MetadataWrites['setDisabled']>[0]['account'], set: Readonly<Record<string, string | number | null>>): void => {
    const changed = statements.change(kysely.updateTable('accounts').set(set).where('id', '=', fromHex(account)));
    if (changed === 0) throw new BackupError('not-found', 'No such account.');
  };

  return {
    createAccount({ id, name, passwordHash, quotaBytes, at }) {
      if (statements.row(kysely.selectFrom('accounts').select('key').where('name', '=', name)) !== undefined) {
        throw new BackupError('conflict', 'There is an account of this name.', { name });
      }
      const account = statements.insert(
        kysely.insertInto('accounts').values({
          id: fromHex(id),
          name,
          password_hash: passwordHash,
          created_at: at,
          disabled: 0,
          quota_bytes: quotaBytes ?? null,
          used_bytes: 0,
          seq: 0,
          gathered_seq: 0,
        }),
      );
      addEvent(statements, { account, at, event: { kind: 'account', account: id, name } });
      const row = statements.row(kysely.selectFrom('accounts').select(accountColumns).where('key', '=', account));
      assert(row, 'the new account is there');
      return accountInfo(row);
    },
    setPasswordHash: ({ account, passwordHash }) => change(account, { password_hash: passwordHash }),
    setDisabled: ({ account, disabled }) => change(account, { disabled: disabled ? 1 : 0 }),
    setQuota: ({ account, quotaBytes }) => change(account, { quota_bytes: quotaBytes ?? null }),

    createDevice({ id, account: accountId, name, tokenHash, at }) {
      const account = accountKey(statements, accountId);
      const active = statements.row(kysely.selectFrom('accounts').select('key').where('key', '=', account).where('disabled', '=', 0));
      if (active === undefined) throw new BackupError('denied', 'This account is disabled.');
      requireRoomFor('devices', statements, account);
      const device = statements.insert(
        kysely.insertInto('devices').values({ account, id: fromHex(id), name, token_hash: tokenHash, created_at: at }),
      );
      addEvent(statements, { account, at, event: { kind: 'device', device: id, name } });
      const row = statements.row(kysely.selectFrom('devices').select(deviceColumns).where('key', '=', device));
      assert(row, 'the new device is there');
      return deviceInfo(row, accountId);
    },
    revokeDevice({ account: accountId, device, at }) {
      const account = accountKey(statements, accountId);
      const mine = kysely.selectFrom('devices').select('key').where('account', '=', account).where('id', '=', fromHex(device));
      const found = statements.row(mine);
      if (found === undefined) throw new BackupError('not-found', 'No such device.');
      statements.change(kysely.updateTable('devices').set({ revoked_at: at }).where('key', '=', found.key).where('revoked_at', 'is', null));
    },
    markCompromised({ account: accountId, device, since }) {
      const account = accountKey(statements, accountId);
      const marked = statements.run('update devices set compromised_since = ? where account = ? and id = ?', since, account, fromHex(device));
      if (marked.changes === 0) throw new BackupError('not-found', 'No such device.');
      forgetClosures(statements, account);
    },
    touchDevice({ account, device, at }) {
      statements.run('update devices set seen_at = ? where account = ? and id = ?', at, accountKey(statements, account), fromHex(device));
    },
  };
}
