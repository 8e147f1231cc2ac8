import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../../engine/core/session/session.ts';
import { connectAccount } from '../../engine/store/accountClient.ts';
import { signIn } from '../../engine/store/signIn.ts';
import { parseFingerprint } from '../../protocol/connectionLine.ts';
import { asUsage, UsageError } from '../arguments.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { parseLoginAddress } from '../session/loginAddress.ts';
import { keysFolder } from '../session/server.ts';
import { findSession, writeSession } from '../session/session.ts';
import { decideTrust } from '../session/trustServer.ts';

export const login: Command = {
  name: 'login',
  summary: 'Signs this device in to a server',
  operands: [{ name: 'URL', required: true, help: 'https://HOST:PORT, or the whole line holdfast://NAME@HOST:PORT#SHA256' }],
  flags: {
    user: { kind: 'text', value: 'NAME', help: 'Whose account, where the address does not say it' },
    'password-stdin': { kind: 'switch', help: 'Read the password from the first line of stdin' },
    device: { kind: 'text', value: 'NAME', help: 'What this device is called (default: the name of this machine)' },
    fingerprint: { kind: 'text', value: 'SHA256', help: 'Trust the certificate with this fingerprint, and no other' },
    ca: { kind: 'text', value: 'FILE', help: 'Trust certificates of the authority in this PEM file' },
  },
  run: runLogin,
};

async function runLogin(call: Call): Promise<Outcome> {
  const words = call.arguments;
  const address = parseLoginAddress(words.operand(0)!);
  const typed = words.text('fingerprint');
  const fingerprint = typed === undefined ? address.fingerprint : asUsage(() => parseFingerprint(typed));
  if (fingerprint !== undefined && words.text('ca') !== undefined) throw new UsageError('Give --fingerprint or --ca, not both.');
  const user = words.text('user') ?? address.user ?? (await askForName(call));
  const trust = await decideTrust({ url: address.url, fingerprint, authorityFile: words.text('ca') }, call);
  const session = await signIn(
    {
      connection: { url: address.url, trust },
      user,
      password: await askForPassword(user, call),
      device: words.text('device') ?? call.surroundings.hostName,
    },
    call,
  );
  await replaceSession(session, call);
  return {
    document: {
      url: session.url,
      user: session.user,
      account: session.account,
      device: session.device,
      deviceName: session.deviceName,
      fingerprint: trust.kind === 'pinned' ? trust.fingerprint : null,
    },
    text: `Signed in to ${session.url} as ${session.user}; this device is called ${session.deviceName}.`,
  };
}

/** The new session takes the old one's place; keys pinned for the old one are forgotten, as a sign-in is meant to. */
async function replaceSession(session: Session, call: Call): Promise<void> {
  const { home } = call.surroundings;
  const before = await findSession(home).catch(() => undefined /* a damaged one is replaced like any other */);
  await rm(join(home, keysFolder), { recursive: true, force: true });
  await writeSession(home, session);
  if (before?.url === session.url && before.account === session.account) await revokeToken(before, call);
}

/** Its token is lost from here on, so nobody should be able to use it. */
async function revokeToken({ url, trust, token, deviceName }: Session, { signal, surroundings }: Call): Promise<void> {
  const client = connectAccount({ url, trust, token });
  try {
    await client.logout({ signal });
  } catch {
    // It was revoked before, or the server is away: the device stays in the list, where it can be revoked.
    surroundings.log.info('login.old-device-kept', { device: deviceName });
  } finally {
    client.close();
  }
}

async function askForName({ surroundings: { terminal }, signal }: Call): Promise<string> {
  if (!terminal.interactive) throw new UsageError('--user NAME is missing.');
  return await terminal.ask('Name: ', { signal });
}

async function askForPassword(user: string, call: Call): Promise<string> {
  const { terminal } = call.surroundings;
  if (call.arguments.has('password-stdin')) return await terminal.readLine({ signal: call.signal });
  if (!terminal.interactive) throw new UsageError('Without a terminal the password comes with --password-stdin.');
  return await terminal.askHidden(`Password of ${user}: `, { signal: call.signal });
}
