import * as vscode from 'vscode';
import { messageOf } from '../../base/errors.ts';
import { parseSession, type Session } from '../../engine/core/session/session.ts';

const secretKey = 'holdfast.session';

/** Who is signed in: kept in the editor's secret storage, the same for all windows. */
export class SessionStore implements vscode.Disposable {
  readonly #secrets: vscode.SecretStorage;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<Session | undefined>();
  readonly #listener: vscode.Disposable;
  #session: Session | undefined;
  #known = false;
  #loading: Promise<void> | undefined;
  /** Secrets cannot be kept here: the session lives as long as the window. */
  #inMemory = false;

  constructor({ secrets, log }: { readonly secrets: vscode.SecretStorage; readonly log: vscode.LogOutputChannel }) {
    this.#secrets = secrets;
    this.#log = log;
    this.#listener = secrets.onDidChange(({ key }) => {
      if (key === secretKey && !this.#inMemory) void this.#read();
    });
  }

  /** Told only when it is another session than before. */
  get onDidChange(): vscode.Event<Session | undefined> {
    return this.#changed.event;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Whether it is known who is signed in. */
  get known(): boolean {
    return this.#known;
  }

  /** Resolves when it is known whether somebody is signed in. */
  async ready(): Promise<Session | undefined> {
    this.#loading ??= this.#read();
    await this.#loading;
    return this.#session;
  }

  /** Looks whether another window changed it. */
  async reread(): Promise<void> {
    if (!this.#inMemory) await this.#read();
  }

  /** Answers whether it will be there after a restart. */
  async save(session: Session): Promise<'kept' | 'in-memory'> {
    try {
      await this.#secrets.store(secretKey, JSON.stringify(session));
      this.#inMemory = false;
    } catch (error) {
      this.#log.warn(`The sign-in cannot be kept: ${messageOf(error)}`);
      this.#inMemory = true;
    }
    this.#take(session);
    return this.#inMemory ? 'in-memory' : 'kept';
  }

  async clear(): Promise<void> {
    this.#inMemory = false;
    try {
      await this.#secrets.delete(secretKey);
    } catch (error) {
      this.#log.warn(`The kept sign-in cannot be removed: ${messageOf(error)}`);
    }
    this.#take(undefined);
  }

  dispose(): void {
    this.#listener.dispose();
    this.#changed.dispose();
  }

  async #read(): Promise<void> {
    try {
      const stored = await this.#secrets.get(secretKey);
      this.#take(stored === undefined ? undefined : parseSession(stored));
    } catch (error) {
      this.#log.warn(`The kept sign-in cannot be read: ${messageOf(error)}`);
      this.#take(undefined);
    }
  }

  #take(session: Session | undefined): void {
    this.#known = true;
    if (JSON.stringify(session) === JSON.stringify(this.#session)) return;
    this.#session = session;
    this.#changed.fire(session);
  }
}
