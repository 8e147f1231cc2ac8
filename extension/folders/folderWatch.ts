import { relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import type { Notice } from '../messages/engineCalls.ts';

/** Events that come together are told together. */
const batchMs = 50;

export interface FolderWatchOptions {
  readonly folder: vscode.WorkspaceFolder;
  readonly notice: (notice: Notice) => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** The folder cannot be watched: changes are found by scans. */
  readonly onError: (error: unknown) => void;
}

/** What the editor tells of changes in one folder: on disk by whoever, and its own saves. Hints; scans are the truth. */
export class FolderWatch implements Disposable {
  readonly #options: FolderWatchOptions;
  readonly #store = new DisposableStore();
  /** Why a document that is about to be saved is saved. */
  readonly #reasons = new Map<string, vscode.TextDocumentSaveReason>();
  #batch: Set<string> | undefined;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#watch();
    const { workspace } = vscode;
    this.#store.add(workspace.onWillSaveTextDocument(({ document, reason }) => this.#reasons.set(document.uri.toString(), reason)));
    this.#store.add(workspace.onDidSaveTextDocument(({ uri }) => this.#saved(uri)));
    this.#store.add(workspace.onWillSaveNotebookDocument(({ notebook, reason }) => this.#reasons.set(notebook.uri.toString(), reason)));
    this.#store.add(workspace.onDidSaveNotebookDocument(({ uri }) => this.#saved(uri)));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #watch(): void {
    try {
      const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(this.#options.folder, '**')));
      const changed = (uri: vscode.Uri): void => this.#changed(uri);
      this.#store.add(watcher.onDidCreate(changed));
      this.#store.add(watcher.onDidChange(changed));
      this.#store.add(watcher.onDidDelete(changed));
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #saved(uri: vscode.Uri): void {
    const reason = this.#reasons.get(uri.toString());
    this.#reasons.delete(uri.toString());
    const path = this.#pathOf(uri);
    if (path === undefined) return;
    const cause = reason === undefined || reason === vscode.TextDocumentSaveReason.Manual ? 'save' : 'autosave';
    this.#options.notice({ folder: this.#options.folder.uri.fsPath, paths: [path], cause });
  }

  #changed(uri: vscode.Uri): void {
    const path = this.#pathOf(uri);
    if (path === undefined) return;
    if (this.#batch !== undefined) {
      this.#batch.add(path);
      return;
    }
    const batch = new Set([path]);
    this.#batch = batch;
    void this.#options.sleep(batchMs).then(() => {
      this.#batch = undefined;
      this.#options.notice({ folder: this.#options.folder.uri.fsPath, paths: [...batch], cause: 'watch' });
    });
  }

  #pathOf(uri: vscode.Uri): string | undefined {
    return relativePath(this.#options.folder.uri, uri);
  }
}

/** The path of a file in a folder, with slashes; undefined when it lies elsewhere. The folder itself is the empty path. */
export function relativePath(folder: vscode.Uri, uri: vscode.Uri): string | undefined {
  if (uri.scheme !== folder.scheme) return undefined;
  const path = relative(folder.fsPath, uri.fsPath);
  if (path === '..' || path.startsWith(`..${sep}`)) return undefined;
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
