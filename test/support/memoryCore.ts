import { toHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import type { AccountId, DeviceId } from '../../protocol/ids.ts';
import { randomIdBytes } from '../../protocol/ids.ts';
import { systemClock } from '../../engine/platform/clock.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { MemoryServer } from '../../engine/store/memoryRepository.ts';
import type { AccountStore, DeviceInfo, StoredAccount } from '../../server/core/accountStore.ts';
import type { ServerCore } from '../../server/core/serverCore.ts';

/** The server's core in memory, so that tests of the routes need no disk and can put faults in its place. */
export function openMemoryCore(): ServerCore {
  const { hasher, random } = createPrimitives();
  const server = new MemoryServer({ hasher, random, clock: systemClock });
  const accounts = memoryAccounts(() => toHex(random.bytes(randomIdBytes)));
  return {
    instance: server.instance,
    accounts,
    accountRepository: ({ account, device }) => {
      return server.repository({ account, device, deviceName: accounts.deviceName(device) });
    },
    gather: () => Promise.reject(new Error('unexpected call: gather')),
    check: () => {
      throw new Error('unexpected call: check');
    },
    close: () => Promise.resolve(),
  };
}

type KeptDevice = DeviceInfo & { readonly tokenHash: string };

function memoryAccounts(newId: () => string): AccountStore & { deviceName(id: DeviceId): string } {
  const accounts = new Map<AccountId, StoredAccount>();
  const devices = new Map<DeviceId, KeptDevice>();
  const change = (id: AccountId, changed: Partial<StoredAccount>): void => {
    const account = accounts.get(id);
    if (account === undefined) throw new BackupError('not-found', 'No such account.');
    accounts.set(id, { ...account, ...changed });
  };
  const byName = (name: string): StoredAccount | undefined => [...accounts.values()].find((account) => account.name === name);
  return {
    deviceName: (id) => devices.get(id)?.name ?? '',
    async create({ name, passwordHash, quotaBytes }) {
      if (byName(name) !== undefined) throw new BackupError('conflict', 'The name is taken.');
      const id = newId() as AccountId;
      const account = { id, name, passwordHash, createdAt: systemClock.now(), disabled: false, quotaBytes, usedBytes: 0 };
      accounts.set(id, account);
      return account;
    },
    list: async () => [...accounts.values()],
    findByName: async (name) => byName(name),
    find: async (id) => accounts.get(id),
    setPasswordHash: async (id, passwordHash) => change(id, { passwordHash }),
    setDisabled: async (id, disabled) => change(id, { disabled }),
    setQuota: async (id, quotaBytes) => change(id, { quotaBytes }),
    async createDevice({ account, name, tokenHash }) {
      const id = newId() as DeviceId;
      const device = { id, account, name, createdAt: systemClock.now(), lastSeenAt: undefined, revoked: false, tokenHash: toHex(tokenHash) };
      devices.set(id, device);
      return device;
    },
    async findDeviceByTokenHash(tokenHash) {
      const device = [...devices.values()].find((one) => one.tokenHash === toHex(tokenHash) && !one.revoked);
      const account = device && accounts.get(device.account);
      return device && account && !account.disabled ? { device, account } : undefined;
    },
    devices: async (account) => [...devices.values()].filter((device) => device.account === account).toReversed(),
    async revokeDevice({ account, device }) {
      const found = devices.get(device);
      if (found?.account !== account) throw new BackupError('not-found', 'No such device.');
      devices.set(device, { ...found, revoked: true });
    },
    touchDevice: () => undefined,
  };
}
