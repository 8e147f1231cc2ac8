import { encodeUtf8, toHex } from '../../base/bytes.ts';
import { BackupError, messageOf } from '../../base/errors.ts';
import type { Clock, Log, Random } from '../../engine/ports/primitives.ts';
import type { AccountId, DeviceId } from '../../protocol/ids.ts';
import { randomIdBytes } from '../../protocol/ids.ts';
import { accountNameBytesMax, deviceNameBytesMax } from '../../protocol/limits.ts';
import type { AccountInfo, AccountStore, DeviceInfo, DeviceLogin, NewAccount, NewDevice, StoredAccount } from './accountStore.ts';
import type { GroupWriter } from './groupWriter.ts';
import { ownBytes } from './ingestPack.ts';
import type { MetadataStore } from './metadata.ts';
import type { DeviceScope } from './serverCore.ts';

/** How precise "last seen" is. */
const touchEveryMs = 60_000;
const touchedMax = 10_000;

export interface StoredAccountsParts {
  readonly store: MetadataStore;
  readonly writer: GroupWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Accounts in the metadata store. */
export class StoredAccounts implements AccountStore {
  readonly #parts: StoredAccountsParts;
  readonly #touchedAt = new Map<DeviceId, number>();

  constructor(parts: StoredAccountsParts) {
    this.#parts = parts;
  }

  async create(account: NewAccount): Promise<AccountInfo> {
    requireName(account.name, accountNameBytesMax);
    const { writer, clock } = this.#parts;
    return writer.write('createAccount', { ...account, id: this.#newId<AccountId>(), at: clock.now() });
  }

  list(): Promise<readonly AccountInfo[]> {
    return this.#parts.store.read('accounts');
  }

  findByName(name: string): Promise<StoredAccount | undefined> {
    return this.#parts.store.read('findAccount', { name });
  }

  find(account: AccountId): Promise<StoredAccount | undefined> {
    return this.#parts.store.read('findAccount', { id: account });
  }

  setPasswordHash(account: AccountId, passwordHash: string): Promise<void> {
    return this.#parts.writer.write('setPasswordHash', { account, passwordHash });
  }

  setDisabled(account: AccountId, disabled: boolean): Promise<void> {
    return this.#parts.writer.write('setDisabled', { account, disabled });
  }

  setQuota(account: AccountId, quotaBytes: number | undefined): Promise<void> {
    return this.#parts.writer.write('setQuota', { account, quotaBytes });
  }

  async createDevice({ account, name, tokenHash }: NewDevice): Promise<DeviceInfo> {
    requireName(name, deviceNameBytesMax);
    const { writer, clock } = this.#parts;
    return writer.write('createDevice', { account, name, tokenHash: ownBytes(tokenHash), id: this.#newId<DeviceId>(), at: clock.now() });
  }

  findDeviceByTokenHash(tokenHash: Uint8Array): Promise<DeviceLogin | undefined> {
    return this.#parts.store.read('findDevice', ownBytes(tokenHash));
  }

  devices(account: AccountId): Promise<readonly DeviceInfo[]> {
    return this.#parts.store.read('devices', account);
  }

  revokeDevice({ account, device }: DeviceScope): Promise<void> {
    const { writer, clock } = this.#parts;
    return writer.write('revokeDevice', { account, device, at: clock.now() });
  }

  touchDevice({ account, device }: DeviceScope): void {
    const { writer, clock, log } = this.#parts;
    const at = clock.now();
    if (at - (this.#touchedAt.get(device) ?? -touchEveryMs) < touchEveryMs) return;
    if (this.#touchedAt.size >= touchedMax) this.#touchedAt.clear();
    this.#touchedAt.set(device, at);
    // For people only: a full disk must not make a request fail.
    writer.write('touchDevice', { account, device, at }).catch((error: unknown) => {
      log.debug('device-not-touched', { error: messageOf(error) });
    });
  }

  #newId<Id extends AccountId | DeviceId>(): Id {
    return toHex(this.#parts.random.bytes(randomIdBytes)) as Id;
  }
}

function requireName(name: string, bytesMax: number): void {
  // eslint-disable-next-line no-control-regex
  const fits = name.length > 0 && name.trim() === name && encodeUtf8(name).length <= bytesMax && !/[\u0000-\u001f\u007f]/.test(name);
  if (!fits) throw new BackupError('invalid', 'A name must be 1 to so many bytes of text, without spaces around it.', { bytesMax });
}
