import { accountNameBytesMax, deviceNameBytesMax, ringBytesMax } from '../limits.ts';
import { parseAccountId, parseDeviceId, parseInstanceId, type AccountId, type DeviceId, type InstanceId } from '../ids.ts';
import { base64, flag, list, natural, oneOf, parseFields, shownText, text, type FieldReader } from './fields.ts';
import { parseAccountName, parseDeviceName, parseNewPassword, parsePassword } from './names.ts';

const devicesMax = 65_536;
const tokenBytesMax = 256;

/** GET /health */
export interface HealthAnswer {
  readonly instance: InstanceId;
  /** Versions of the protocol that this server speaks: the `vN` of the path. */
  readonly versions: readonly number[];
}

/** POST /auth/login */
export interface LoginRequest {
  readonly name: string;
  readonly password: string;
  /** What this device is to be called. */
  readonly device: string;
}

export interface LoginAnswer extends AccountAnswer {
  /** 256 random bits, base64url; shown once, kept by the server as its SHA-256. */
  readonly token: string;
}

/** GET /account: who the token belongs to. */
export interface AccountAnswer {
  readonly account: NamedAccount;
  readonly device: NamedDevice;
}

export interface NamedAccount {
  readonly id: AccountId;
  readonly name: string;
}

export interface NamedDevice {
  readonly id: DeviceId;
  readonly name: string;
}

/** POST /account/password; answers 204. */
export interface ChangePasswordRequest {
  readonly current: string;
  readonly password: string;
}

/** GET /devices */
export interface DevicesAnswer {
  readonly devices: readonly DeviceMessage[];
}

export interface DeviceMessage extends NamedDevice {
  /** Server time, ms. */
  readonly createdAt: number;
  readonly lastSeenAt: number | null;
  readonly revoked: boolean;
  /** The device that asks. */
  readonly current: boolean;
}

/** PUT /keys/ring: makes the ring when there is none. */
export interface CreateRingRequest {
  /** base64 of the encoded ring. */
  readonly bytes: string;
}

/** GET and PUT /keys/ring: the ring that is stored now; null before the first. */
export interface RingAnswer {
  readonly ring: RingMessage | null;
}

export interface RingMessage {
  readonly custody: 'managed' | 'private';
  readonly version: number;
  readonly bytes: string;
}

export function parseHealthAnswer(value: unknown): HealthAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    instance: fields.required('instance', parseInstanceId),
    versions: fields.required('versions', list(64, natural)),
  }));
}

export function parseLoginRequest(value: unknown): LoginRequest {
  return parseFields(value, { what: 'the sign-in', unknown: 'refuse' }, (fields) => ({
    name: fields.required('name', parseAccountName),
    password: fields.required('password', parsePassword),
    device: fields.required('device', parseDeviceName),
  }));
}

export function parseLoginAnswer(value: unknown): LoginAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    ...readAccount(fields),
    token: fields.required('token', text(tokenBytesMax)),
  }));
}

export function parseAccountAnswer(value: unknown): AccountAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, readAccount);
}

function readAccount(fields: FieldReader): AccountAnswer {
  return { account: fields.required('account', parseNamedAccount), device: fields.required('device', parseNamedDevice) };
}

function parseNamedAccount(value: unknown, what: string): NamedAccount {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    id: fields.required('id', parseAccountId),
    name: fields.required('name', shownText(accountNameBytesMax)),
  }));
}

function parseNamedDevice(value: unknown, what: string): NamedDevice {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    id: fields.required('id', parseDeviceId),
    name: fields.required('name', shownText(deviceNameBytesMax)),
  }));
}

export function parseChangePasswordRequest(value: unknown): ChangePasswordRequest {
  return parseFields(value, { what: 'the change', unknown: 'refuse' }, (fields) => ({
    current: fields.required('current', parsePassword),
    password: fields.required('password', parseNewPassword),
  }));
}

export function parseDevicesAnswer(value: unknown): DevicesAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    devices: fields.required('devices', list(devicesMax, parseDevice)),
  }));
}

function parseDevice(value: unknown, what: string): DeviceMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    id: fields.required('id', parseDeviceId),
    name: fields.required('name', shownText(deviceNameBytesMax)),
    createdAt: fields.required('createdAt', natural),
    lastSeenAt: fields.optional('lastSeenAt', natural) ?? null,
    revoked: fields.required('revoked', flag),
    current: fields.required('current', flag),
  }));
}

export function parseCreateRingRequest(value: unknown): CreateRingRequest {
  return parseFields(value, { what: 'the ring', unknown: 'refuse' }, (fields) => ({
    bytes: fields.required('bytes', base64(ringBytesMax)),
  }));
}

export function parseRingAnswer(value: unknown): RingAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    ring: fields.optional('ring', parseRing) ?? null,
  }));
}

function parseRing(value: unknown, what: string): RingMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    custody: fields.required('custody', oneOf(['managed', 'private'])),
    version: fields.required('version', natural),
    bytes: fields.required('bytes', base64(ringBytesMax)),
  }));
}
