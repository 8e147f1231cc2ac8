import * as vscode from 'vscode';
import { BackupError } from '../../base/errors.ts';
import { displayName } from '../../engine/core/byteString.ts';
import { snapshotUri } from '../browse/snapshotUris.ts';
import type { TreeNode } from '../model/snapshotTree.ts';
import { formatTime } from '../model/units.ts';
import type { CommandParts } from './commandParts.ts';
import { pickVersion } from './pickVersion.ts';
import { fileOf, localUri, targetName, targetOf, targetTitle, type CommandInput, type SnapshotTarget } from './targets.ts';

/** What nothing is compared with. */
const emptyScheme = 'holdfast-empty';

export function registerEmptyDocuments(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(emptyScheme, { provideTextDocumentContent: () => '' });
}

/** A stored version beside what is on disk now. */
export async function compare(input: CommandInput, parts: CommandParts): Promise<void> {
  const target = (await targetOf(input, parts)) ?? (await pickedVersion(input, parts));
  if (target !== undefined) await compareTarget(target);
}

export async function compareTarget(target: SnapshotTarget): Promise<void> {
  if (target.kind === 'directory') throw new BackupError('invalid', 'Folders cannot be compared as a whole; compare the files in it.');
  const local = localUri(target);
  if (local === undefined) throw new BackupError('not-found', 'The folder of this snapshot is not open in this window, so there is nothing to compare with.');
  const current = (await isFile(local)) ? local : empty(target);
  await diff({ left: snapshotUri(target), right: current, title: `${targetName(target)} (${formatTime(target.receivedAt)} ↔ ${current === local ? 'current' : 'deleted'})` });
}

/** What a snapshot changed in one file: the version before it beside its own. */
export async function compareChange(node: TreeNode): Promise<void> {
  if (node.kind !== 'change') return;
  const { snapshot, change, previous } = node;
  const { path, kind } = change;
  const name = displayName(path);
  const at = formatTime(snapshot.receivedAt);
  if (kind === 'add' || previous === undefined) {
    await vscode.commands.executeCommand('vscode.open', snapshotUri({ snapshot: snapshot.id, path }));
    return;
  }
  const left = snapshotUri({ snapshot: previous, path });
  if (kind === 'delete') await vscode.commands.executeCommand('vscode.open', left);
  else await diff({ left, right: snapshotUri({ snapshot: snapshot.id, path }), title: `${name} (before ↔ ${at})` });
}

/** The stored version itself, read-only. */
export async function open(input: CommandInput, parts: CommandParts): Promise<void> {
  const target = (await targetOf(input, parts)) ?? (await pickedVersion(input, parts));
  if (target === undefined || target.kind === 'directory') return;
  await vscode.commands.executeCommand('vscode.open', snapshotUri(target), { preview: true }, targetTitle(target));
}

async function pickedVersion(input: CommandInput, parts: CommandParts): Promise<SnapshotTarget | undefined> {
  const uri = fileOf(input);
  return uri === undefined ? undefined : await pickVersion(uri, parts);
}

export async function diff({ left, right, title }: { readonly left: vscode.Uri; readonly right: vscode.Uri; readonly title: string }): Promise<void> {
  await vscode.commands.executeCommand('vscode.diff', left, right, title);
}

async function isFile(uri: vscode.Uri): Promise<boolean> {
  try {
    return ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory) === 0;
  } catch {
    return false; // It is not there: compared with nothing.
  }
}

function empty({ path }: SnapshotTarget): vscode.Uri {
  return vscode.Uri.from({ scheme: emptyScheme, path: `/${displayName(path)}` });
}
