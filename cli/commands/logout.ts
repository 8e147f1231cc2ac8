import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isBackupError, messageOf } from '../../base/errors.ts';
import { connectAccount } from '../../engine/store/accountClient.ts';
import type { Session } from '../../engine/core/session/session.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { keysFolder } from '../session/server.ts';
import { readSession, removeSession } from '../session/session.ts';

export const logout: Command = {
  name: 'logout',
  summary: 'Signs this device out and makes its token worthless',
  operands: [],
  flags: {},
  run: runLogout,
};

async function runLogout(call: Call): Promise<Outcome> {
  const { home } = call.surroundings;
  const session = await readSession(home);
  const fault = await tellServer(session, call);
  await removeSession(home);
  await rm(join(home, keysFolder), { recursive: true, force: true });
  const { url, device, deviceName } = session;
  if (fault === undefined) return { document: { url, device, revoked: true }, text: `Signed out of ${url}.` };
  return {
    document: { url, device, revoked: false },
    text: `Signed out here, but the server could not be told (${fault}). From another device: npx --no holdfast devices revoke ${device} (it is called ${deviceName}).`,
    warnings: 1,
  };
}

async function tellServer({ url, trust, token }: Session, { signal }: Call): Promise<string | undefined> {
  const client = connectAccount({ url, trust, token });
  try {
    await client.logout({ signal });
    return undefined;
  } catch (error) {
    if (isBackupError(error, 'denied')) return undefined; // It was revoked before.
    signal.throwIfAborted();
    return messageOf(error);
  } finally {
    client.close();
  }
}
