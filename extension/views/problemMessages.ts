import type * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { BackupError } from '../../base/errors.ts';
import { showError } from '../commands/showError.ts';
import type { BackupFolders } from '../folders/backupFolders.ts';
import type { Problem } from '../messages/engineCalls.ts';
import { Attention } from '../model/attention.ts';

/** Tells a person of what stops backups until somebody acts; everything else is in the status bar and the log. */
export class ProblemMessages implements Disposable {
  readonly #store = new DisposableStore();
  readonly #attention = new Attention();

  constructor({ folders, log }: { readonly folders: BackupFolders; readonly log: vscode.LogOutputChannel }) {
    this.#store.add(folders.onDidChange(() => {
      for (const { uri, name } of folders.followed) {
        const problem = this.#attention.take(uri.fsPath, folders.statusOf(uri.fsPath));
        if (problem === undefined) continue;
        log.error(`“${name}” cannot be backed up: ${problem.message}`);
        // Nobody waits for the answer.
        void showError(errorOf(problem));
      }
    }));
  }

  dispose(): void {
    this.#store.dispose();
  }
}

function errorOf({ code, message, reason }: Problem): Error {
  if (code === undefined) return new Error(message);
  return new BackupError(code, message, reason === undefined ? {} : { reason });
}
