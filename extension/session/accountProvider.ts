import * as vscode from 'vscode';
import { serverName } from '../model/serverName.ts';
import type { Session } from '../../engine/core/session/session.ts';
import type { SessionStore } from './sessionStore.ts';

export const providerId = 'holdfast';

/** Shows the sign-in in the Accounts menu, for signing out there and for other extensions. Holdfast itself never asks it. */
export class AccountProvider implements vscode.AuthenticationProvider, vscode.Disposable {
  readonly #sessions: SessionStore;
  readonly #signIn: () => Promise<Session | undefined>;
  readonly #signOut: () => Promise<void>;
  readonly #changed = new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>();
  readonly #listener: vscode.Disposable;
  #shown: vscode.AuthenticationSession | undefined;

  constructor(parts: { readonly sessions: SessionStore; readonly signIn: () => Promise<Session | undefined>; readonly signOut: () => Promise<void> }) {
    this.#sessions = parts.sessions;
    this.#signIn = parts.signIn;
    this.#signOut = parts.signOut;
    this.#listener = parts.sessions.onDidChange((session) => this.#tell(session));
  }

  get onDidChangeSessions(): vscode.Event<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent> {
    return this.#changed.event;
  }

  async getSessions(): Promise<vscode.AuthenticationSession[]> {
    const session = await this.#sessions.ready();
    return session === undefined ? [] : [shown(session)];
  }

  async createSession(): Promise<vscode.AuthenticationSession> {
    const session = await this.#signIn();
    if (session === undefined) throw new Error('The sign-in was given up.');
    return shown(session);
  }

  async removeSession(): Promise<void> {
    await this.#signOut();
  }

  dispose(): void {
    this.#listener.dispose();
    this.#changed.dispose();
  }

  #tell(session: Session | undefined): void {
    const before = this.#shown;
    this.#shown = session && shown(session);
    this.#changed.fire({ added: this.#shown === undefined ? [] : [this.#shown], removed: before === undefined ? [] : [before], changed: [] });
  }
}

function shown(session: Session): vscode.AuthenticationSession {
  const { device, account, user, token } = session;
  return { id: device, accessToken: token, account: { id: account, label: `${user} on ${serverName(session)}` }, scopes: [] };
}
