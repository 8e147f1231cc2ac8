import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as vscode from 'vscode';
import { BackupError } from '../../base/errors.ts';
import { parseConnectionLine } from '../../protocol/connectionLine.ts';
import type { Trust } from '../../engine/core/session/session.ts';
import type { EngineClient } from '../engineClient.ts';
import { serverName } from '../model/serverName.ts';
import type { Session } from '../../engine/core/session/session.ts';
import { parseServerAddress, showFingerprint, type ServerAddress } from '../model/serverAddress.ts';
import type { MachineSettings } from '../settings.ts';

export interface SignInParts {
  readonly engine: EngineClient;
  readonly settings: MachineSettings;
  readonly before: Session | undefined;
  readonly signal: AbortSignal;
}

/** Asks for what a sign-in needs and makes it. Undefined when the person gave up. Errors: those of the engine. */
export async function runSignIn(parts: SignInParts): Promise<Session | undefined> {
  const address = await askForAddress(parts);
  if (address === undefined) return undefined;
  const trust = await decideTrust(address, parts);
  if (trust === undefined) return undefined;
  const user = address.user ?? (await askForName(parts));
  if (user === undefined) return undefined;
  const password = await vscode.window.showInputBox({
    title: `Sign In to ${serverName(address)}`,
    prompt: `Password of ${user}`,
    password: true,
    ignoreFocusOut: true,
  });
  if (password === undefined || password === '') return undefined;
  const { engine, settings, signal } = parts;
  const device = `${hostname()} (${vscode.env.appName})`;
  const request = { url: address.url, user, password, device, trust, proxy: settings.proxy || undefined };
  return await engine.call('signIn', request, { signal });
}

async function askForAddress({ settings, before }: SignInParts): Promise<ServerAddress | undefined> {
  const typed = await vscode.window.showInputBox({
    title: 'Sign In to a Holdfast Server',
    prompt: 'The line that the server printed (holdfast://NAME@HOST:PORT#…), or its address (https://HOST:PORT)',
    placeHolder: 'holdfast://NAME@HOST:PORT#SHA256',
    value: settings.server !== '' ? settings.server : (before?.url ?? ''),
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? undefined : faultIn(text)),
  });
  return typed === undefined || typed.trim() === '' ? undefined : parseServerAddress(typed);
}

function faultIn(text: string): string | undefined {
  try {
    if (text.trim().startsWith('holdfast:')) parseConnectionLine(text);
    else parseServerAddress(text);
    return undefined;
  } catch (error) {
    return error instanceof BackupError ? error.message : String(error);
  }
}

async function askForName({ before }: SignInParts): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({ title: 'Sign In to a Holdfast Server', prompt: 'Your name on the server', value: before?.user ?? '', ignoreFocusOut: true });
  return name?.trim() === '' ? undefined : name?.trim();
}

/** Why the server is believed; an unknown certificate is shown once. Undefined when the person does not accept it. */
async function decideTrust({ url, fingerprint }: ServerAddress, { engine, settings, signal }: SignInParts): Promise<Trust | undefined> {
  if (settings.caFile !== '' && fingerprint === undefined) return { kind: 'ca', pem: await readPem(settings.caFile) };
  const certificate = await engine.call('certificate', { url, proxy: settings.proxy || undefined }, { signal });
  if (certificate === undefined) return { kind: 'system' };
  const { pem } = certificate;
  const pinned: Trust = { kind: 'pinned', pem, fingerprint: certificate.fingerprint };
  if (fingerprint === certificate.fingerprint) return pinned;
  if (fingerprint !== undefined) {
    throw new BackupError(
      'denied',
      `The server shows another certificate (SHA-256 ${showFingerprint(certificate.fingerprint)}) than your line names. Nothing was sent.`,
      { reason: 'certificate' },
    );
  }
  const trust = 'Trust This Certificate';
  const detail = [
    'Nobody this machine knows vouches for the server’s certificate:',
    `${certificate.subject.replaceAll('\n', ', ')}, valid until ${certificate.validTo}`,
    '',
    `SHA-256 ${showFingerprint(certificate.fingerprint)}`,
    '',
    'The server printed the same digits when it was started. Compare them before you go on. From then on only this certificate is believed.',
  ];
  const answer = await vscode.window.showWarningMessage(`Is this your server, ${serverName({ url })}?`, { modal: true, detail: detail.join('\n') }, trust);
  return answer === trust ? pinned : undefined;
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new BackupError('invalid', `The certificate file ${file} of the setting holdfast.caFile cannot be read.`, {}, { cause });
  }
}
