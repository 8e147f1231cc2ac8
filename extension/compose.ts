import { homedir, hostname } from 'node:os';
import { Worker } from 'node:worker_threads';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { BackupError } from '../base/errors.ts';
import { systemClock } from '../engine/platform/clock.ts';
import { stateHome } from '../engine/platform/statePaths.ts';
import { SnapshotFiles } from './browse/snapshotFiles.ts';
import { signIn, signOut } from './commands/accountCommands.ts';
import type { CommandParts } from './commands/commandParts.ts';
import { registerCommands } from './commands/registerCommands.ts';
import { EngineClient } from './engineClient.ts';
import { BackupFolders } from './folders/backupFolders.ts';
import { ConsentStore } from './folders/consent.ts';
import type { WorkerStart } from './messages/channel.ts';
import type { EngineEvent } from './messages/engineCalls.ts';
import { snapshotScheme } from './model/snapshotUri.ts';
import { AccountProvider, providerId } from './session/accountProvider.ts';
import { SessionStore } from './session/sessionStore.ts';
import { HistoryView } from './views/historyView.ts';
import { ProblemMessages } from './views/problemMessages.ts';
import { SnapshotView } from './views/snapshotView.ts';
import { StatusBar } from './views/statusBar.ts';

/** A window that closes waits this long for what is under way. */
const closeMsMax = 4_000;

export interface Extension extends Disposable {
  /** What takes time begins. */
  start(): void;
  /** Lets the engine end by itself, bounded. */
  close(): Promise<void>;
}

/** Makes everything of the editor's side and passes it on: the one place that does. */
export function composeExtension(context: vscode.ExtensionContext): Extension {
  const store = new DisposableStore();
  const closing = new AbortController();
  const { signal } = closing;
  const clock = systemClock;
  const log = store.add(vscode.window.createOutputChannel('Holdfast', { log: true }));
  const engine = new EngineClient(() => startWorker(context.extensionUri));
  store.add(engine.onEvent((event) => tell(event, log)));
  const sessions = store.add(new SessionStore({ secrets: context.secrets, log }));
  const folders = store.add(new BackupFolders({ engine, sessions, consents: new ConsentStore(context.globalState), clock, log, signal }));
  const connected = async (): Promise<void> => await folders.connected();
  const common = { engine, sessions, log, signal, connected };
  const snapshots = store.add(new SnapshotView({ ...common, folders, now: () => clock.now() }));
  const history = store.add(new HistoryView(common));
  const statusBar = store.add(new StatusBar({ folders, clock, signal }));
  store.add(new ProblemMessages({ folders, log }));
  const parts: CommandParts = { ...common, folders, snapshots, history, clock };
  store.add(registerCommands(parts));
  const reason = new vscode.MarkdownString('This is part of a snapshot, which never changes. Restore it to work on it.');
  store.add(vscode.workspace.registerFileSystemProvider(snapshotScheme, new SnapshotFiles(common), { isReadonly: reason, isCaseSensitive: true }));
  const accounts = store.add(new AccountProvider({ sessions, signIn: async () => await signIn(parts), signOut: async () => await signOut(parts) }));
  store.add(vscode.authentication.registerAuthenticationProvider(providerId, 'Holdfast', accounts, { supportsMultipleAccounts: false }));
  return {
    start() {
      statusBar.start();
      void folders.start();
    },
    async close() {
      closing.abort(new BackupError('cancelled', 'The window is closing.'));
      const patience = new AbortController();
      const rest = clock.sleep(closeMsMax, { signal: patience.signal }).catch(() => undefined /* it ended in time */);
      const late = new AbortController();
      void rest.then(() => late.abort());
      await engine.close({ signal: late.signal });
      patience.abort();
    },
    dispose: () => store.dispose(),
  };
}

function startWorker(extension: vscode.Uri): Worker {
  const file = vscode.Uri.joinPath(extension, 'extension', 'dist', 'engineWorker.cjs').fsPath;
  const home = stateHome({ platform: process.platform, home: homedir(), environment: process.env });
  return new Worker(file, { workerData: { home, hostName: hostname() } satisfies WorkerStart });
}

function tell(event: EngineEvent, log: vscode.LogOutputChannel): void {
  if (event.kind === 'log') log[event.level](event.line);
  if (event.kind !== 'recovered') return;
  if (event.undone > 0) log.warn('A restore that had been cut off was taken back: nothing of it had been put in place yet.');
  if (event.finished === 0) return;
  log.warn('A restore that had been cut off was finished.');
  void vscode.window.showInformationMessage(
    'A restore that had been cut off was finished now. What it replaced is backed up: “Backup: Undo Last Restore” brings it back.',
  );
}
