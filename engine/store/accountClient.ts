import { jsonBodyBytesMax } from '../../protocol/limits.ts';
import type { DeviceId } from '../../protocol/ids.ts';
import {
  parseAccountAnswer,
  parseDevicesAnswer,
  parseHealthAnswer,
  parseLoginAnswer,
  type AccountAnswer,
  type ChangePasswordRequest,
  type DeviceMessage,
  type HealthAnswer,
  type LoginAnswer,
  type LoginRequest,
} from '../../protocol/messages/account.ts';
import type { CallOptions } from '../ports/repository.ts';
import { HttpConnection, parseAnswer, type ConnectionOptions } from './httpConnection.ts';

const devicesAnswerBytesMax = 32 * 1024 * 1024;

/** Signing in and what belongs to it. Without a token only `health` and `login` work. It does not retry. */
export interface AccountClient {
  /** Which server this is, and which versions of the protocol it speaks. */
  health(options: CallOptions): Promise<HealthAnswer>;
  /** Makes a device of this account with a token of its own. Errors: `denied`; `limit` after too many wrong tries. */
  login(request: LoginRequest, options: CallOptions): Promise<LoginAnswer>;
  /** Revokes the token that this client bears. */
  logout(options: CallOptions): Promise<void>;
  whoami(options: CallOptions): Promise<AccountAnswer>;
  /** Newest first, revoked ones too. */
  devices(options: CallOptions): Promise<readonly DeviceMessage[]>;
  /** Errors: `not-found`. */
  revoke(device: DeviceId, options: CallOptions): Promise<void>;
  changePassword(request: ChangePasswordRequest, options: CallOptions): Promise<void>;
  close(): void;
}

export function connectAccount(options: ConnectionOptions): AccountClient {
  const connection = new HttpConnection(options);
  const small = { answerBytesMax: jsonBodyBytesMax };
  return {
    async health({ signal }) {
      return parseAnswer(await connection.send({ route: 'health', ...small, signal }), parseHealthAnswer);
    },
    async login(value, { signal }) {
      const body = { kind: 'json', value } as const;
      return parseAnswer(await connection.send({ route: 'login', body, ...small, signal }), parseLoginAnswer);
    },
    async logout({ signal }) {
      await connection.send({ route: 'logout', ...small, signal });
    },
    async whoami({ signal }) {
      return parseAnswer(await connection.send({ route: 'account', ...small, signal }), parseAccountAnswer);
    },
    async devices({ signal }) {
      const answer = await connection.send({ route: 'devices', answerBytesMax: devicesAnswerBytesMax, signal });
      return parseAnswer(answer, parseDevicesAnswer).devices;
    },
    async revoke(device, { signal }) {
      await connection.send({ route: 'revokeDevice', path: { device }, ...small, signal });
    },
    async changePassword(value, { signal }) {
      await connection.send({ route: 'changePassword', body: { kind: 'json', value }, ...small, signal });
    },
    close: () => connection.close(),
  };
}
