import { connectAccount } from './accountClient.ts';
import type { ConnectionOptions } from './httpConnection.ts';
import type { Session } from '../core/session/session.ts';

export interface SignInRequest {
  readonly connection: Omit<ConnectionOptions, 'token'>;
  readonly user: string;
  readonly password: string;
  /** What the new device shall be called. */
  readonly device: string;
}

/** Makes this client a device of the account. Errors: as every call; `denied` for a wrong name or password. */
export async function signIn({ connection, user, password, device }: SignInRequest, { signal }: { readonly signal: AbortSignal }): Promise<Session> {
  const client = connectAccount({ ...connection, token: undefined });
  try {
    const answer = await client.login({ name: user, password, device }, { signal });
    return {
      url: connection.url,
      user: answer.account.name,
      account: answer.account.id,
      device: answer.device.id,
      deviceName: answer.device.name,
      token: answer.token,
      trust: connection.trust,
    };
  } finally {
    client.close();
  }
}
