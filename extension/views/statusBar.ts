import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { BackupFolders } from '../folders/backupFolders.ts';
import { statusText, type StatusText } from '../model/statusText.ts';

/** The age that is shown grows by itself. */
const refreshMs = 20_000;

const commands = {
  'sign-in': 'holdfast.signIn',
  log: 'holdfast.showLog',
  show: 'holdfast.snapshots.focus',
  push: 'holdfast.push',
  'choose-folders': 'holdfast.chooseFolders',
  trust: 'workbench.trust.manage',
} as const satisfies Readonly<Record<StatusText['action'], string>>;

/** The one item of the status bar. */
export class StatusBar implements Disposable {
  readonly #store = new DisposableStore();
  readonly #item: vscode.StatusBarItem;
  readonly #folders: BackupFolders;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;

  constructor({ folders, clock, signal }: { readonly folders: BackupFolders; readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#folders = folders;
    this.#clock = clock;
    this.#signal = signal;
    this.#item = this.#store.add(vscode.window.createStatusBarItem('holdfast.status', vscode.StatusBarAlignment.Left, 20));
    this.#item.name = 'Backup';
    this.#store.add(folders.onDidChange(() => this.#show()));
  }

  start(): void {
    this.#show();
    this.#item.show();
    void this.#keepFresh();
  }

  dispose(): void {
    this.#store.dispose();
  }

  #show(): void {
    const { text, tooltip, severity, action } = statusText(this.#folders.state, this.#clock.now());
    if (this.#item.text !== text) this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.command = commands[action];
    this.#item.accessibilityInformation = { label: `${text.replaceAll(/\$\([^)]*\)\s*/g, '')}. ${tooltip}`, role: 'button' };
    this.#item.backgroundColor = severity === 'none' ? undefined : new vscode.ThemeColor(`statusBarItem.${severity}Background`);
  }

  async #keepFresh(): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(refreshMs, { signal: this.#signal });
        this.#show();
      }
    } catch {
      // The window closes: nobody looks any more.
    }
  }
}
