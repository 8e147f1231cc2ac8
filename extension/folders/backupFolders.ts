import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { messageOf } from '../../base/errors.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { EngineClient } from '../engineClient.ts';
import type { FolderStatus, Notice } from '../messages/engineCalls.ts';
import { serverName } from '../model/serverName.ts';
import type { WindowState } from '../model/statusText.ts';
import type { SessionStore } from '../session/sessionStore.ts';
import { followedFolder, machineSettings, section } from '../settings.ts';
import { askConsent, type ConsentStore } from './consent.ts';
import { FolderWatch } from './folderWatch.ts';

/** An engine that died is started again after this long, twice as long each time. */
const restartMs = { first: 1_000, longest: 60_000 } as const;
/** A window that comes to the front after this long is looked over. */
const focusScanMs = 5 * 60_000;

export interface BackupFoldersParts {
  readonly engine: EngineClient;
  readonly sessions: SessionStore;
  readonly consents: ConsentStore;
  readonly clock: Clock;
  readonly log: vscode.LogOutputChannel;
  readonly signal: AbortSignal;
}

/** The folders of this window that are backed up: who agreed to it, what is watched, how it goes. */
export class BackupFolders implements Disposable {
  readonly #parts: BackupFoldersParts;
  readonly #store = new DisposableStore();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watches = new Map<string, FolderWatch>();
  readonly #statuses = new Map<string, FolderStatus>();
  /** Asked in this window, so that nobody is asked twice. */
  readonly #asked = new Set<string>();
  #unwatched = false;
  #restartDelayMs: number = restartMs.first;
  #focusedAt: number;
  #asking: Promise<void> = Promise.resolve();
  #connecting: Promise<void> | undefined;

  constructor(parts: BackupFoldersParts) {
    this.#parts = parts;
    this.#focusedAt = parts.clock.now();
    const { engine, sessions } = parts;
    this.#store.add(this.#changed);
    this.#store.add(engine.onEvent((event) => {
      if (event.kind !== 'folder') return;
      this.#statuses.set(event.folder, event.status);
      // Perhaps somebody signed out or in anew in another window, and this one was not told.
      if (event.status.problem?.code === 'denied') void sessions.reread();
      this.#changed.fire();
    }));
    this.#store.add(engine.onDied((error) => {
      parts.log.error(`The backup engine stopped: ${messageOf(error)}. It is started again.`);
      void this.#connectAfterDeath();
    }));
    this.#store.add(sessions.onDidChange(() => void this.#connectAnew({ ask: true })));
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => void this.#follow({ ask: true })));
    this.#store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#follow({ ask: true })));
    this.#store.add(vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(section)) void this.#follow();
    }));
    this.#store.add(vscode.window.onDidChangeWindowState(({ focused }) => this.#focus(focused)));
  }

  /** How things are may have changed. */
  get onDidChange(): vscode.Event<void> {
    return this.#changed.event;
  }

  /** Folders of this window that could be backed up. */
  get candidates(): readonly vscode.WorkspaceFolder[] {
    return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  }

  /** Those that are. */
  get followed(): readonly vscode.WorkspaceFolder[] {
    const { session } = this.#parts.sessions;
    if (session === undefined || !vscode.workspace.isTrusted) return [];
    return this.candidates.filter(({ uri }) => this.#parts.consents.get(uri, session) === 'yes');
  }

  get state(): WindowState {
    const { session } = this.#parts.sessions;
    const followed = this.followed;
    return {
      signedIn: this.#parts.sessions.known ? session !== undefined : 'unknown',
      folders: followed.map((folder) => ({ name: folder.name, auto: followedFolder(folder).auto, status: this.#statuses.get(folder.uri.fsPath) })),
      others: this.candidates.length - followed.length,
      server: session === undefined ? '' : serverName(session),
      trusted: vscode.workspace.isTrusted,
      watching: this.#unwatched ? 'scanning' : 'watching',
    };
  }

  /** Resolves when the engine knows who is signed in and what is backed up. */
  async connected(): Promise<void> {
    await this.#parts.sessions.ready();
    await this.#connecting;
  }

  statusOf(folder: string): FolderStatus | undefined {
    return this.#statuses.get(folder);
  }

  /** Begins with whoever is signed in. */
  async start(): Promise<void> {
    const session = await this.#parts.sessions.ready();
    // A session that was read just now has told so itself.
    if (session === undefined) this.#changed.fire();
  }

  /** Asks about one folder, whatever was answered before. Answers whether it is backed up now. */
  async choose(folder: vscode.WorkspaceFolder): Promise<boolean> {
    const { session } = this.#parts.sessions;
    if (session === undefined) return false;
    const { engine, consents, signal } = this.#parts;
    const consent = await askConsent(folder, { engine, session, signal });
    if (consent !== undefined) await consents.set(folder.uri, session, consent);
    await this.#follow();
    return consents.get(folder.uri, session) === 'yes';
  }

  /** Stops backing up a folder; what is on the server stays. */
  async leave(folder: vscode.WorkspaceFolder): Promise<void> {
    const { session } = this.#parts.sessions;
    if (session === undefined) return;
    await this.#parts.consents.set(folder.uri, session, 'no');
    await this.#follow();
  }

  dispose(): void {
    for (const watch of this.#watches.values()) watch.dispose();
    this.#watches.clear();
    this.#store.dispose();
  }

  async #connectAnew({ ask = false }: { readonly ask?: boolean } = {}): Promise<void> {
    const connecting = this.#connect();
    this.#connecting = connecting;
    await connecting;
    if (ask) await this.#askAll();
  }

  async #connectAfterDeath(): Promise<void> {
    const { clock, signal } = this.#parts;
    const delayMs = this.#restartDelayMs;
    this.#restartDelayMs = Math.min(restartMs.longest, delayMs * 2);
    try {
      await clock.sleep(delayMs, { signal });
    } catch {
      return; // The window closes.
    }
    await this.#connectAnew();
  }

  async #connect(): Promise<void> {
    const { engine, sessions, signal, log } = this.#parts;
    const { session } = sessions;
    this.#statuses.clear();
    this.#asked.clear();
    try {
      await engine.call('useSession', { session, proxy: machineSettings().proxy || undefined }, { signal });
      await this.#follow();
    } catch (error) {
      if (!signal.aborted) log.error(`The session cannot be used: ${messageOf(error)}`);
    }
    this.#changed.fire();
  }

  async #follow({ ask = false }: { readonly ask?: boolean } = {}): Promise<void> {
    const { engine, signal, log } = this.#parts;
    const { followed } = this;
    try {
      await engine.call('follow', { folders: followed.map(followedFolder) }, { signal });
    } catch (error) {
      if (signal.aborted) return;
      log.error(`The folders cannot be followed: ${messageOf(error)}`);
    }
    this.#watchOnly(followed);
    this.#changed.fire();
    if (ask) await this.#askAll();
  }

  /** One question at a time. */
  async #askAll(): Promise<void> {
    this.#asking = this.#asking.then(async () => {
      for (const folder of this.candidates) {
        const { sessions, consents, engine, signal, log } = this.#parts;
        const { session } = sessions;
        const path = folder.uri.fsPath;
        if (session === undefined || !vscode.workspace.isTrusted) return;
        if (this.#asked.has(path) || consents.get(folder.uri, session) !== undefined) continue;
        this.#asked.add(path);
        try {
          const consent = await askConsent(folder, { engine, session, signal });
          if (consent === undefined) continue;
          await consents.set(folder.uri, session, consent);
          await this.#follow();
        } catch (error) {
          if (signal.aborted) return;
          log.warn(`“${folder.name}” cannot be looked at: ${messageOf(error)}`);
        }
      }
    });
    await this.#asking;
  }

  #watchOnly(followed: readonly vscode.WorkspaceFolder[]): void {
    const wanted = new Map(followed.map((folder) => [folder.uri.fsPath, folder]));
    for (const [path, watch] of this.#watches) {
      if (wanted.has(path)) continue;
      watch.dispose();
      this.#watches.delete(path);
      this.#statuses.delete(path);
    }
    for (const [path, folder] of wanted) {
      if (this.#watches.has(path)) continue;
      const watch = new FolderWatch({
        folder,
        notice: (notice) => this.#notice(notice),
        sleep: async (ms) => await this.#parts.clock.sleep(ms, { signal: this.#parts.signal }),
        onError: (error) => {
          this.#unwatched = true;
          this.#parts.log.warn(`“${folder.name}” cannot be watched (${messageOf(error)}): changes are found by scans.`);
        },
      });
      this.#watches.set(path, watch);
    }
  }

  #focus(focused: boolean): void {
    const now = this.#parts.clock.now();
    const away = now - this.#focusedAt;
    this.#focusedAt = now;
    if (!focused || away < focusScanMs) return;
    for (const { uri } of this.followed) this.#notice({ folder: uri.fsPath, paths: 'all', cause: 'scan' });
  }

  #notice(notice: Notice): void {
    const { engine, signal, log } = this.#parts;
    engine.call('notice', notice, { signal }).catch((error: unknown) => {
      if (!signal.aborted) log.warn(`A change could not be told to the engine: ${messageOf(error)}`);
    });
  }
}
