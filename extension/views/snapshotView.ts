import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { isBackupError, messageOf } from '../../base/errors.ts';
import type { EngineClient } from '../engineClient.ts';
import type { BackupFolders } from '../folders/backupFolders.ts';
import { SnapshotTree, type TreeFolder, type TreeNode } from '../model/snapshotTree.ts';
import type { SessionStore } from '../session/sessionStore.ts';
import { treeItem } from './treeItems.ts';

/** What the view shows instead of a tree, and why; a context key, so that the manifest's welcome texts follow it. */
export type ViewState = 'loading' | 'signed-out' | 'no-folder' | 'not-chosen' | 'unreachable' | 'empty' | 'ready';

export interface SnapshotViewParts {
  readonly engine: EngineClient;
  readonly sessions: SessionStore;
  readonly folders: BackupFolders;
  readonly log: vscode.LogOutputChannel;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly connected: () => Promise<void>;
}

/** The sidebar's tree of snapshots. */
export class SnapshotView implements vscode.TreeDataProvider<TreeNode>, Disposable {
  readonly tree: SnapshotTree;
  readonly #parts: SnapshotViewParts;
  readonly #store = new DisposableStore();
  readonly #changed = new vscode.EventEmitter<TreeNode | undefined>();
  readonly #view: vscode.TreeView<TreeNode>;
  #state: ViewState = 'loading';
  #sign = '';
  /** Folders whose newest snapshots are being asked for; `again` when there are newer ones by now. */
  readonly #refreshing = new Map<string, 'once' | 'again'>();

  constructor(parts: SnapshotViewParts) {
    this.#parts = parts;
    const { engine, signal, sessions } = parts;
    this.tree = new SnapshotTree({ ask: async (name, params) => await engine.call(name, params, { signal }), now: parts.now });
    this.#view = this.#store.add(vscode.window.createTreeView('holdfast.snapshots', { treeDataProvider: this, showCollapseAll: true }));
    this.#store.add(this.#changed);
    this.#store.add(engine.onEvent((event) => {
      if (event.kind === 'snapshot') void this.#refreshFolder(event.folder);
    }));
    this.#store.add(sessions.onDidChange(() => this.refresh()));
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()));
    this.#store.add(parts.folders.onDidChange(() => {
      const sign = this.#signOfLife();
      const changed = sign !== this.#sign;
      this.#sign = sign;
      if (changed && this.#state !== 'ready' && this.#state !== 'loading') void this.#look();
    }));
  }

  get state(): ViewState {
    return this.#state;
  }

  get onDidChangeTreeData(): vscode.Event<TreeNode | undefined> {
    return this.#changed.event;
  }

  /** What was selected last. */
  get selection(): readonly TreeNode[] {
    return this.#view.selection;
  }

  /** Asks everything again. */
  refresh(): void {
    this.tree.clear();
    this.#changed.fire(undefined);
  }

  async loadMore(node: TreeNode): Promise<void> {
    if (node.kind === 'moreSnapshots') await this.tree.loadMore(node.at.folder);
    if (node.kind === 'moreEntries') this.tree.showMore(node.key);
    this.#changed.fire(undefined);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    return treeItem(node);
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (node === undefined) return [...(await this.#roots())];
    try {
      return [...(await this.tree.children(node))];
    } catch (error) {
      this.#parts.log.warn(`The tree cannot be read: ${messageOf(error)}`);
      if (this.#parts.signal.aborted) return [];
      return [{ kind: 'note', at: node.at, text: isBackupError(error, 'unavailable') ? 'The server cannot be reached; refresh to try again' : messageOf(error) }];
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** The workspaces of this window's folders; none, with a reason, when there is nothing to show. */
  async #roots(): Promise<readonly TreeNode[]> {
    const { folders, sessions, log, signal } = this.#parts;
    if ((await sessions.ready()) === undefined) return this.#nothing('signed-out');
    const { candidates } = folders;
    if (candidates.length === 0) return this.#nothing('no-folder');
    try {
      await this.#parts.connected();
      const kept = await this.#withWorkspace(candidates);
      if (kept.length === 0) return this.#nothing(folders.followed.length === 0 ? 'not-chosen' : 'empty');
      this.tree.folders = kept;
      this.#become('ready');
      return this.tree.roots();
    } catch (error) {
      if (signal.aborted) return [];
      log.warn(`The snapshots cannot be listed: ${messageOf(error)}`);
      return this.#nothing('unreachable');
    }
  }

  async #withWorkspace(candidates: readonly vscode.WorkspaceFolder[]): Promise<readonly TreeFolder[]> {
    const { engine, signal } = this.#parts;
    const kept: TreeFolder[] = [];
    for (const { uri, name } of candidates) {
      const workspace = await engine.call('workspaceOf', { folder: uri.fsPath }, { signal });
      if (workspace === undefined) continue;
      const [newest] = await engine.call('snapshots', { workspace: workspace.id, before: undefined, limit: 1 }, { signal });
      if (newest !== undefined) kept.push({ folder: uri.fsPath, name });
    }
    return kept;
  }

  #nothing(state: ViewState): readonly TreeNode[] {
    this.#become(state);
    return [];
  }

  #become(state: ViewState): void {
    if (this.#state === state) return;
    this.#state = state;
    void vscode.commands.executeCommand('setContext', 'holdfast.view', state);
  }

  /** Whether there is something to show by now. */
  async #look(): Promise<void> {
    const before = this.#state;
    const roots = await this.#roots();
    if (this.#state !== before || roots.length > 0) this.#changed.fire(undefined);
  }

  /** What must change before it is worth looking again whether there is something to show. */
  #signOfLife(): string {
    const { folders } = this.#parts.folders.state;
    return JSON.stringify(folders.map(({ name, status }) => [name, status?.acknowledgedAt !== undefined, status?.problem?.code]));
  }

  /** However many snapshots come in a row, the list is asked for once at a time. */
  async #refreshFolder(folder: string): Promise<void> {
    if (this.#refreshing.has(folder)) {
      this.#refreshing.set(folder, 'again');
      return;
    }
    this.#refreshing.set(folder, 'once');
    try {
      await this.#refreshNow(folder);
    } finally {
      const again = this.#refreshing.get(folder) === 'again';
      this.#refreshing.delete(folder);
      if (again) void this.#refreshFolder(folder);
    }
  }

  async #refreshNow(folder: string): Promise<void> {
    if (this.#state !== 'ready' || this.tree.workspaceOf(folder) === undefined) {
      this.#changed.fire(undefined);
      return;
    }
    try {
      await this.tree.refresh(folder);
    } catch (error) {
      if (this.#parts.signal.aborted) return;
      this.#parts.log.warn(`The newest snapshots cannot be listed: ${messageOf(error)}`);
    }
    this.#changed.fire(undefined);
  }
}
