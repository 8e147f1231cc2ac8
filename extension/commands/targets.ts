import * as vscode from 'vscode';
import { displayName, isWithin, nameOfPath, rootPath, type BytePath } from '../../engine/core/byteString.ts';
import { byteStringOfText } from '../../engine/core/byteString.ts';
import type { SnapshotId } from '../../protocol/ids.ts';
import { snapshotPathOf } from '../browse/snapshotUris.ts';
import { relativePath } from '../folders/folderWatch.ts';
import { snapshotScheme } from '../model/snapshotUri.ts';
import type { TreeNode } from '../model/snapshotTree.ts';
import { formatTime } from '../model/units.ts';
import type { HistoryNode } from '../views/historyView.ts';
import type { CommandParts } from './commandParts.ts';

/** What a command is given: a node of one of the views, or a file. */
export type CommandInput = TreeNode | HistoryNode | vscode.Uri | undefined;

/** Something in a snapshot, and where it is, or would be, on this machine. */
export interface SnapshotTarget {
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Server time of the snapshot, for people. */
  readonly receivedAt: number;
  /** The folder on this machine; undefined when it is not open here. */
  readonly folder: string | undefined;
}

/** Undefined when the input names nothing of a snapshot. Of something deleted: what was there before. */
export async function targetOf(input: CommandInput, parts: CommandParts): Promise<SnapshotTarget | undefined> {
  if (input === undefined) return undefined;
  if (!('kind' in input)) return input.scheme === snapshotScheme ? await targetOfUri(input, parts) : undefined;
  switch (input.kind) {
    case 'run':
      return { snapshot: input.run.newest.id, path: rootPath, kind: 'directory', receivedAt: input.run.newest.receivedAt, folder: input.at.folder };
    case 'snapshot':
    case 'whole':
      return { snapshot: input.snapshot.id, path: rootPath, kind: 'directory', receivedAt: input.snapshot.receivedAt, folder: input.at.folder };
    case 'entry':
      return { snapshot: input.snapshot.id, path: input.entry.path, kind: input.entry.kind, receivedAt: input.snapshot.receivedAt, folder: input.at.folder };
    case 'change': {
      const { change, previous } = input;
      const snapshot = change.kind === 'delete' ? (previous ?? input.snapshot.id) : input.snapshot.id;
      return { snapshot, path: change.path, kind: change.entry, receivedAt: input.snapshot.receivedAt, folder: input.at.folder };
    }
    case 'version': {
      const { item, subject } = input;
      const snapshot = item.kind === 'delete' ? (item.previous ?? item.snapshot.id) : item.snapshot.id;
      return { snapshot, path: item.path, kind: 'file', receivedAt: item.snapshot.receivedAt, folder: subject.local?.folder };
    }
    default:
      return undefined;
  }
}

async function targetOfUri(uri: vscode.Uri, { engine, history, signal }: CommandParts): Promise<SnapshotTarget> {
  const at = snapshotPathOf(uri);
  const subject = await history.subjectOf(uri);
  const { kind } = await engine.call('stat', at, { signal });
  const { receivedAt } = await engine.call('snapshot', { snapshot: at.snapshot }, { signal });
  return { ...at, kind, receivedAt, folder: subject?.local?.folder };
}

/** Where the target is, or would be, on this machine. */
export function localUri({ folder, path }: SnapshotTarget): vscode.Uri | undefined {
  return folder === undefined ? undefined : vscode.Uri.joinPath(vscode.Uri.file(folder), displayName(path));
}

/** `a.txt`, or the folder’s name for all of it. */
export function targetName({ path, folder }: SnapshotTarget): string {
  if (path !== rootPath) return displayName(nameOfPath(path));
  return folder === undefined ? 'the whole folder' : (folder.split(/[/\\]/).findLast((name) => name !== '') ?? folder);
}

export function targetTitle(target: SnapshotTarget): string {
  return `${targetName(target)} (${formatTime(target.receivedAt)})`;
}

/** Files at and under a path of a folder that have unsaved changes in an editor. */
export function unsavedUnder(folder: string, path: BytePath): readonly { readonly path: BytePath; readonly uri: vscode.Uri }[] {
  const root = vscode.Uri.file(folder);
  const dirty = [
    ...vscode.workspace.textDocuments.filter(({ isDirty, isUntitled }) => isDirty && !isUntitled).map(({ uri }) => uri),
    ...vscode.workspace.notebookDocuments.filter(({ isDirty, isUntitled }) => isDirty && !isUntitled).map(({ uri }) => uri),
  ];
  return dirty.flatMap((uri) => {
    const relative = relativePath(root, uri);
    if (relative === undefined) return [];
    const at = byteStringOfText(relative);
    return isWithin(at, path) ? [{ path: at, uri }] : [];
  });
}

/** The file that a command without one means: the one in the editor. */
export function fileOf(input: CommandInput): vscode.Uri | undefined {
  if (input instanceof vscode.Uri) return input;
  return input === undefined ? vscode.window.activeTextEditor?.document.uri : undefined;
}
