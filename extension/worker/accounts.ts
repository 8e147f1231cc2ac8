import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isBackupError } from '../../base/errors.ts';
import { connectAccount } from '../../engine/store/accountClient.ts';
import { signIn } from '../../engine/store/signIn.ts';
import { readServerCertificate, type ServerCertificate } from '../../engine/store/trust.ts';
import type { SignInRequest } from '../messages/engineCalls.ts';
import type { Session } from '../../engine/core/session/session.ts';
import { keysFolder } from './serverLink.ts';

interface Options {
  readonly signal: AbortSignal;
  readonly proxy: string | undefined;
}

/** The certificate that a person has to decide about; undefined when there is nothing to decide. */
export async function unknownCertificate(url: string, { signal, proxy }: Options): Promise<ServerCertificate | undefined> {
  if (url.startsWith('http:')) return undefined;
  const client = connectAccount({ url, trust: { kind: 'system' }, token: undefined, proxy });
  try {
    await client.health({ signal });
    return undefined;
  } catch (error) {
    if (isBackupError(error, 'denied') && error.details['reason'] === 'certificate') return await readServerCertificate(url, { signal, proxy });
    throw error;
  } finally {
    client.close();
  }
}

/** Makes this editor a device of the account. Keys pinned before are forgotten, as a sign-in is meant to. */
export async function signInAnew(request: SignInRequest, { signal, home }: Omit<Options, 'proxy'> & { readonly home: string }): Promise<Session> {
  const { url, trust, proxy, ...who } = request;
  const session = await signIn({ connection: { url, trust, proxy }, ...who }, { signal });
  await rm(join(home, keysFolder), { recursive: true, force: true });
  return session;
}

/** Revokes the session's token. */
export async function signOut({ url, trust, token }: Session, { signal, proxy }: Options): Promise<void> {
  const client = connectAccount({ url, trust, token, proxy });
  try {
    await client.logout({ signal });
  } finally {
    client.close();
  }
}
