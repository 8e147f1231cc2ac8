import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { displayName } from '../../engine/core/byteString.ts';
import { relativePath } from '../folders/folderWatch.ts';
import type { TreeNode } from '../model/snapshotTree.ts';
import { ruleSettings } from '../settings.ts';
import { signIn, signOutAsked } from './accountCommands.ts';
import type { CommandParts } from './commandParts.ts';
import { compare, compareChange, compareTarget, open, registerEmptyDocuments } from './compareCommands.ts';
import { pickVersion } from './pickVersion.ts';
import { chooseFolders, push } from './pushCommands.ts';
import { restore, restoreDeleted, restoreTo, undo } from './restoreCommands.ts';
import { runShown } from './showError.ts';
import { fileOf, localUri, targetOf, type CommandInput } from './targets.ts';

/** Every command of the manifest. */
export function registerCommands(parts: CommandParts): Disposable {
  const store = new DisposableStore();
  store.add(registerEmptyDocuments());
  const table: Readonly<Record<string, (input: never) => unknown>> = {
    signIn: async () => await signIn(parts),
    signOut: async () => await signOutAsked(parts),
    push: async () => await push(parts),
    chooseFolders: async () => await chooseFolders(parts),
    refresh: () => parts.snapshots.refresh(),
    showLog: () => parts.log.show(true),
    loadMore: async (node: TreeNode) => await parts.snapshots.loadMore(node),
    restore: async (input: CommandInput) => await restore(input, parts),
    restoreTo: async (input: CommandInput) => await restoreTo(input, parts),
    restoreDeleted: async () => await restoreDeleted(parts),
    undo: async () => await undo(parts),
    compare: async (input: CommandInput) => await compare(input, parts),
    compareChange: async (node: TreeNode) => await compareChange(node),
    open: async (input: CommandInput) => await open(input, parts),
    showHistory: async (input: CommandInput) => await showHistory(input, parts),
    pickHistory: async (input: CommandInput) => await pickHistory(input, parts),
    copyPath: async (input: CommandInput) => await copyPath(input, parts),
    why: async (input: CommandInput) => await why(input, parts),
  };
  for (const [name, run] of Object.entries(table)) {
    store.add(vscode.commands.registerCommand(`holdfast.${name}`, async (input: never) => await runShown(name, parts.log, async () => await run(input))));
  }
  return store;
}

async function showHistory(input: CommandInput, parts: CommandParts): Promise<void> {
  const target = await targetOf(input, parts);
  const uri = target === undefined ? fileOf(input) : localUri(target);
  if (uri !== undefined) await parts.history.show(uri);
}

/** The versions as a quick pick; the one that is picked is compared with what is there now. */
async function pickHistory(input: CommandInput, parts: CommandParts): Promise<void> {
  const uri = fileOf(input);
  const target = uri && (await pickVersion(uri, parts));
  if (target !== undefined) await compareTarget(target);
}

async function copyPath(input: CommandInput, parts: CommandParts): Promise<void> {
  const target = await targetOf(input, parts);
  if (target === undefined) return;
  await vscode.env.clipboard.writeText(localUri(target)?.fsPath ?? displayName(target.path));
}

async function why(input: CommandInput, { engine, signal }: CommandParts): Promise<void> {
  const uri = fileOf(input);
  const folder = uri && vscode.workspace.getWorkspaceFolder(uri);
  const path = folder && relativePath(folder.uri, uri);
  if (uri === undefined || folder === undefined || path === undefined || path === '') {
    await vscode.window.showInformationMessage('This is not in a folder of this window, so it is not backed up from here.');
    return;
  }
  const rules = ruleSettings(folder.uri);
  await vscode.window.showInformationMessage(await engine.call('explain', { folder: folder.uri.fsPath, path, rules }, { signal }));
}
