import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { messageOf } from '../../base/errors.ts';
import { byteStringOfText, displayName, nameOfPath, type BytePath } from '../../engine/core/byteString.ts';
import type { WorkspaceId } from '../../protocol/ids.ts';
import { snapshotPathOf } from '../browse/snapshotUris.ts';
import type { EngineClient } from '../engineClient.ts';
import { relativePath } from '../folders/folderWatch.ts';
import type { HistoryItem } from '../messages/engineCalls.ts';
import { changeText, triggerText } from '../model/snapshotText.ts';
import { snapshotScheme } from '../model/snapshotUri.ts';
import { formatBytes, formatTime } from '../model/units.ts';
import type { SessionStore } from '../session/sessionStore.ts';

export const versionsMax = 200;

/** A file of a workspace, wherever its versions are shown. */
export interface HistorySubject {
  readonly workspace: WorkspaceId;
  readonly path: BytePath;
  /** Where it is on this machine; undefined when its folder is not open here. */
  readonly local: { readonly folder: string; readonly uri: vscode.Uri } | undefined;
}

export type HistoryNode =
  | { readonly kind: 'version'; readonly subject: HistorySubject; readonly item: HistoryItem }
  | { readonly kind: 'text'; readonly text: string };

export interface HistoryViewParts {
  readonly engine: EngineClient;
  readonly sessions: SessionStore;
  readonly log: vscode.LogOutputChannel;
  readonly signal: AbortSignal;
  readonly connected: () => Promise<void>;
}

/** The versions of one file: of the one in the editor, or of the one that was asked for. */
export class HistoryView implements vscode.TreeDataProvider<HistoryNode>, Disposable {
  readonly #parts: HistoryViewParts;
  readonly #store = new DisposableStore();
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<HistoryNode>;
  #uri: vscode.Uri | undefined;

  constructor(parts: HistoryViewParts) {
    this.#parts = parts;
    this.#view = this.#store.add(vscode.window.createTreeView('holdfast.history', { treeDataProvider: this }));
    this.#store.add(this.#changed);
    this.#store.add(vscode.window.onDidChangeActiveTextEditor(() => this.#follow()));
    this.#store.add(this.#view.onDidChangeVisibility(() => this.#follow()));
    this.#store.add(parts.sessions.onDidChange(() => this.refresh()));
    this.#store.add(parts.engine.onEvent((event) => {
      if (event.kind === 'snapshot' && this.#view.visible) this.refresh();
    }));
  }

  get onDidChangeTreeData(): vscode.Event<undefined> {
    return this.#changed.event;
  }

  refresh(): void {
    this.#changed.fire(undefined);
  }

  /** Shows the versions of a file, and the view. */
  async show(uri: vscode.Uri): Promise<void> {
    this.#uri = uri;
    this.#changed.fire(undefined);
    await vscode.commands.executeCommand('holdfast.history.focus');
  }

  /** Which file of which workspace an address is, on disk or in a snapshot. */
  async subjectOf(uri: vscode.Uri): Promise<HistorySubject | undefined> {
    const { engine, signal, connected } = this.#parts;
    await connected();
    if (uri.scheme === snapshotScheme) {
      const { snapshot, path } = snapshotPathOf(uri);
      const { workspace } = await engine.call('snapshot', { snapshot }, { signal });
      return { workspace, path, local: await this.#localOf(workspace, path) };
    }
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    const path = folder && relativePath(folder.uri, uri);
    if (folder === undefined || path === undefined || uri.scheme !== 'file') return undefined;
    const workspace = await engine.call('workspaceOf', { folder: folder.uri.fsPath }, { signal });
    if (workspace === undefined) return undefined;
    return { workspace: workspace.id, path: byteStringOfText(path), local: { folder: folder.uri.fsPath, uri } };
  }

  getTreeItem(node: HistoryNode): vscode.TreeItem {
    if (node.kind === 'text') return new vscode.TreeItem(node.text);
    const { item } = node;
    const shown = new vscode.TreeItem(formatTime(item.snapshot.receivedAt));
    const from = item.from === undefined ? '' : ` from ${displayName(item.from)}`;
    const size = item.size === undefined ? '' : ` · ${formatBytes(item.size)}`;
    shown.description = `${changeText(item.kind)}${from}${size} · ${triggerText(item.snapshot)}`;
    shown.tooltip = `${displayName(item.path)}: ${changeText(item.kind)}${from}, from ${item.snapshot.deviceName}`;
    shown.iconPath = new vscode.ThemeIcon(item.kind === 'delete' ? 'trash' : 'git-commit');
    shown.contextValue = item.kind === 'delete' ? 'deletedVersion' : 'version';
    shown.command = { command: 'holdfast.compare', title: 'Compare with Current', arguments: [node] };
    return shown;
  }

  async getChildren(node?: HistoryNode): Promise<HistoryNode[]> {
    if (node !== undefined) return [];
    const uri = this.#uri ?? shownFile();
    this.#view.description = uri === undefined ? '' : displayName(nameOfPath(byteStringOfText(uri.path)));
    if (uri === undefined || (await this.#parts.sessions.ready()) === undefined) return [];
    try {
      return await this.#versions(uri);
    } catch (error) {
      if (!this.#parts.signal.aborted) this.#parts.log.warn(`The history cannot be read: ${messageOf(error)}`);
      return [{ kind: 'text', text: `The history cannot be read: ${messageOf(error)}` }];
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #versions(uri: vscode.Uri): Promise<HistoryNode[]> {
    const { engine, signal } = this.#parts;
    const subject = await this.subjectOf(uri);
    if (subject === undefined) return [{ kind: 'text', text: 'This file is in no folder that is backed up' }];
    const { items, more } = await engine.call('history', { workspace: subject.workspace, path: subject.path, limit: versionsMax }, { signal });
    if (items.length === 0) return [{ kind: 'text', text: 'No version of this file is backed up yet' }];
    const nodes = items.map((item): HistoryNode => ({ kind: 'version', subject, item }));
    return more ? [...nodes, { kind: 'text', text: `… only the newest ${versionsMax} are listed` }] : nodes;
  }

  async #localOf(workspace: WorkspaceId, path: BytePath): Promise<HistorySubject['local']> {
    const { engine, signal } = this.#parts;
    for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
      if (uri.scheme !== 'file') continue;
      const found = await engine.call('workspaceOf', { folder: uri.fsPath }, { signal });
      if (found?.id === workspace) return { folder: uri.fsPath, uri: vscode.Uri.joinPath(uri, displayName(path)) };
    }
    return undefined;
  }

  #follow(): void {
    if (!this.#view.visible) return;
    const uri = shownFile();
    if (uri === undefined || uri.toString() === this.#uri?.toString()) return;
    this.#uri = uri;
    this.#changed.fire(undefined);
  }
}

/** The file that the person looks at. */
function shownFile(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === 'file' || uri?.scheme === snapshotScheme ? uri : undefined;
}
