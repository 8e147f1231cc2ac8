import type { AccountId, DeviceId } from '../../protocol/ids.ts';

/**
 * Accounts and their devices, for sign-in and administration. It keeps an opaque password hash and the SHA-256 of
 * device tokens, and knows nothing of either. Every write is durable when it resolves.
 * Works from a second process (`user add`) while the server runs.
 */
export interface AccountStore {
  /** Errors: `conflict` when the name is taken; `invalid` when it is empty, too long or holds control characters. */
  create(account: NewAccount): Promise<AccountInfo>;
  /** By name. */
  list(): Promise<readonly AccountInfo[]>;
  /** With the password hash; disabled accounts too (look at `disabled`). */
  findByName(name: string): Promise<StoredAccount | undefined>;
  find(account: AccountId): Promise<StoredAccount | undefined>;
  /** Errors: `not-found`. */
  setPasswordHash(account: AccountId, passwordHash: string): Promise<void>;
  /** A disabled account's devices are not found by their token. Errors: `not-found`. */
  setDisabled(account: AccountId, disabled: boolean): Promise<void>;
  /** Undefined: no bound. Errors: `not-found`. */
  setQuota(account: AccountId, quotaBytes: number | undefined): Promise<void>;

  /** Errors: `not-found` for an unknown account, `denied` for a disabled one. */
  createDevice(device: NewDevice): Promise<DeviceInfo>;
  /** The device that bears the token and its account; undefined when unknown, revoked, or the account is disabled. */
  findDeviceByTokenHash(tokenHash: Uint8Array): Promise<DeviceLogin | undefined>;
  /** Of one account, revoked ones too, newest first. */
  devices(account: AccountId): Promise<readonly DeviceInfo[]>;
  /** Revoking again changes nothing. Errors: `not-found`. */
  revokeDevice(device: { readonly account: AccountId; readonly device: DeviceId }): Promise<void>;
  /** Notes that the device was seen now; written at most once a minute, never awaited, never fails. */
  touchDevice(device: { readonly account: AccountId; readonly device: DeviceId }): void;
}

export interface NewAccount {
  readonly name: string;
  /** Whatever the sign-in makes of the password; opaque here. */
  readonly passwordHash: string;
  readonly quotaBytes?: number | undefined;
}

export interface AccountInfo {
  readonly id: AccountId;
  readonly name: string;
  /** Server time, ms. */
  readonly createdAt: number;
  readonly disabled: boolean;
  /** Stored segment bytes; undefined: no bound. */
  readonly quotaBytes: number | undefined;
  readonly usedBytes: number;
}

export interface StoredAccount extends AccountInfo {
  readonly passwordHash: string;
}

export interface NewDevice {
  readonly account: AccountId;
  readonly name: string;
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
}

export interface DeviceInfo {
  readonly id: DeviceId;
  readonly account: AccountId;
  readonly name: string;
  /** Server time, ms. */
  readonly createdAt: number;
  readonly lastSeenAt: number | undefined;
  readonly revoked: boolean;
}

export interface DeviceLogin {
  readonly device: DeviceInfo;
  readonly account: AccountInfo;
}
