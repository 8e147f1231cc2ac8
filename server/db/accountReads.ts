import { fromHex, toHex } from '../../base/bytes.ts';
import { assert } from '../../base/errors.ts';
import type { InstanceId } from '../../protocol/ids.ts';
import type { MetadataReads } from '../core/metadataReads.ts';
import { accountColumns, accountInfo, accountKey, deviceColumns, deviceInfo, metaValue, storedAccount } from './rows.ts';
import type { Statements } from './statements.ts';

type AccountReads = Pick<MetadataReads, 'identity' | 'accounts' | 'findAccount' | 'devices' | 'findDevice' | 'ring'>;

export function accountReads(statements: Statements): AccountReads {
  const { kysely } = statements;
  return {
    identity() {
      const [instance, masterKeyHash] = [metaValue(statements, 'instance'), metaValue(statements, 'master_key_hash')];
      assert(instance !== undefined && masterKeyHash !== undefined, 'data has an identity');
      return { instance: instance as InstanceId, masterKeyHash: fromHex(masterKeyHash) };
    },
    accounts: () => statements.rows(kysely.selectFrom('accounts').select(accountColumns).orderBy('name')).map(accountInfo),
    findAccount(query) {
      const all = kysely.selectFrom('accounts').select(accountColumns);
      const row = statements.row('name' in query ? all.where('name', '=', query.name) : all.where('id', '=', fromHex(query.id)));
      return row && storedAccount(row);
    },
    devices(account) {
      const rows = kysely.selectFrom('devices').select(deviceColumns).where('account', '=', accountKey(statements, account));
      return statements.rows(rows.orderBy('key', 'desc')).map((row) => deviceInfo(row, account));
    },
    findDevice(tokenHash) {
      const device = statements.row(
        kysely
          .selectFrom('devices')
          .select([...deviceColumns, 'account'])
          .where('token_hash', '=', tokenHash)
          .where('revoked_at', 'is', null),
      );
      if (device === undefined) return undefined;
      const owner = kysely.selectFrom('accounts').select(accountColumns).where('key', '=', device.account).where('disabled', '=', 0);
      const account = statements.row(owner);
      return account && { device: deviceInfo(device, toHex(account.id) as never), account: accountInfo(account) };
    },
    ring(account) {
      const rings = kysely.selectFrom('key_rings').select(['version', 'wrapped']).where('account', '=', accountKey(statements, account));
      return statements.row(rings.orderBy('version', 'desc').limit(1));
    },
  };
}
