import * as vscode from 'vscode';
import { messageOf } from '../../base/errors.ts';
import { serverName } from '../model/serverName.ts';
import type { Session } from '../../engine/core/session/session.ts';
import { runSignIn } from '../session/signIn.ts';
import { machineSettings } from '../settings.ts';
import type { CommandParts } from './commandParts.ts';

/** Signs in, in place of whoever was. Undefined when the person gave up. */
export async function signIn({ engine, sessions, signal, log }: CommandParts): Promise<Session | undefined> {
  const before = await sessions.ready();
  const session = await runSignIn({ engine, settings: machineSettings(), before, signal });
  if (session === undefined) return undefined;
  if (before !== undefined) await revoke(before, { engine, signal, log });
  const kept = await sessions.save(session);
  log.info(`Signed in to ${session.url} as ${session.user}; this editor is called ${session.deviceName}.`);
  if (kept === 'in-memory') {
    await vscode.window.showWarningMessage(
      `You are signed in to ${serverName(session)}, but this machine cannot keep secrets (is there a keyring?). Backups work until the window is closed; then sign in again.`,
    );
  }
  return session;
}

/** The token is revoked where the server can be reached, and forgotten in any case. */
export async function signOut(parts: CommandParts): Promise<void> {
  const session = await parts.sessions.ready();
  if (session === undefined) return;
  await revoke(session, parts);
  await parts.sessions.clear();
  parts.log.info(`Signed out of ${session.url}.`);
}

/** Asks first, because backups stop. */
export async function signOutAsked(parts: CommandParts): Promise<void> {
  const session = await parts.sessions.ready();
  if (session === undefined) return;
  const yes = 'Sign Out';
  const detail = 'Nothing more is backed up from this editor until you sign in again. What the server has stays there, and your files are untouched.';
  if ((await vscode.window.showWarningMessage(`Sign out of ${serverName(session)}?`, { modal: true, detail }, yes)) === yes) await signOut(parts);
}

async function revoke(session: Session, { engine, signal, log }: Pick<CommandParts, 'engine' | 'signal' | 'log'>): Promise<void> {
  try {
    await engine.call('signOut', { session, proxy: machineSettings().proxy || undefined }, { signal });
  } catch (error) {
    // It was revoked before, or the server is away: the device stays in the account's list, where it can be revoked.
    log.info(`The old sign-in could not be revoked on the server: ${messageOf(error)}`);
  }
}
