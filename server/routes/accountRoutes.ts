import { parseDeviceId } from '../../protocol/ids.ts';
import {
  parseChangePasswordRequest,
  parseCreateRingRequest,
  parseLoginRequest,
  type AccountAnswer,
  type DevicesAnswer,
  type HealthAnswer,
  type LoginAnswer,
  type RingAnswer,
} from '../../protocol/messages/account.ts';
import { BackupError } from '../../base/errors.ts';
import type { StoredRing } from '../../engine/ports/keyStore.ts';
import type { Random } from '../../engine/ports/primitives.ts';
import { createToken, tokenHashOf } from '../auth/deviceToken.ts';
import type { PasswordCheck } from '../auth/passwordCheck.ts';
import type { ServerCore } from '../core/serverCore.ts';
import { json, nothing, type DeviceCall, type RouteAnswer, type SignInCall } from './routeTypes.ts';

export interface AccountRouteParts {
  readonly core: ServerCore;
  readonly passwords: PasswordCheck;
  readonly random: Random;
}

const protocolVersions = [1];
/** Room for the longest name and password, every character escaped: who is not signed in gets no more. */
const loginBytesMax = 8 * 1024;

/** Sign-in, devices, password and key ring. */
export function accountRoutes({ core, passwords, random }: AccountRouteParts) {
  const { accounts } = core;
  return {
    async health(): Promise<RouteAnswer> {
      return json<HealthAnswer>({ instance: core.instance, versions: protocolVersions });
    },

    async login(call: SignInCall): Promise<RouteAnswer> {
      const { name, password, device: deviceName } = await call.body.json(parseLoginRequest, { bytesMax: loginBytesMax });
      const { id } = await call.signIn({ name, password });
      const token = createToken(random);
      call.signal.throwIfAborted();
      const device = await accounts.createDevice({ account: id, name: deviceName, tokenHash: hashOf(token) });
      return json<LoginAnswer>({ token, account: { id, name }, device: { id: device.id, name: device.name } });
    },

    async logout({ login }: DeviceCall): Promise<RouteAnswer> {
      await accounts.revokeDevice({ account: login.account.id, device: login.device.id });
      return nothing;
    },

    async account({ login: { account, device } }: DeviceCall): Promise<RouteAnswer> {
      return json<AccountAnswer>({
        account: { id: account.id, name: account.name },
        device: { id: device.id, name: device.name },
      });
    },

    async changePassword(call: DeviceCall): Promise<RouteAnswer> {
      const { current, password } = await call.body.json(parseChangePasswordRequest);
      const { address, signal, login } = call;
      const account = await passwords.verify({ name: login.account.name, password: current, address, signal });
      if (account?.id !== login.account.id) {
        throw new BackupError('denied', 'That is not the current password.', { reason: 'forbidden' });
      }
      await accounts.setPasswordHash(account.id, await passwords.hash(password, { signal }));
      return nothing;
    },

    async devices({ login }: DeviceCall): Promise<RouteAnswer> {
      const devices = await accounts.devices(login.account.id);
      return json<DevicesAnswer>({
        devices: devices.map(({ id, name, createdAt, lastSeenAt, revoked }) => {
          return { id, name, createdAt, lastSeenAt: lastSeenAt ?? null, revoked, current: id === login.device.id };
        }),
      });
    },

    async revokeDevice({ login, path }: DeviceCall): Promise<RouteAnswer> {
      await accounts.revokeDevice({ account: login.account.id, device: parseDeviceId(path.device) });
      return nothing;
    },

    async getRing({ repository, signal }: DeviceCall): Promise<RouteAnswer> {
      return ringAnswer(await repository.getRing({ signal }));
    },

    async createRing({ body, repository, signal }: DeviceCall): Promise<RouteAnswer> {
      const { bytes } = await body.json(parseCreateRingRequest);
      return ringAnswer(await repository.createRing(Buffer.from(bytes, 'base64'), { signal }));
    },
  };
}

function hashOf(token: string): Uint8Array {
  const hash = tokenHashOf(token);
  if (hash === undefined) throw new Error('Broken invariant: a new token has the form of one');
  return hash;
}

function ringAnswer(ring: StoredRing | undefined): RouteAnswer {
  if (ring === undefined) return json<RingAnswer>({ ring: null });
  const { custody, version, bytes } = ring;
  return json<RingAnswer>({ ring: { custody, version, bytes: Buffer.from(bytes).toString('base64') } });
}
