import * as vscode from 'vscode';
import { displayName } from '../../engine/core/byteString.ts';
import { changeText, countsText, triggerText } from '../model/snapshotText.ts';
import { formatAge, formatBytes, formatTime } from '../model/units.ts';
import { versionsMax, type HistorySubject } from '../views/historyView.ts';
import type { CommandParts } from './commandParts.ts';
import type { SnapshotTarget } from './targets.ts';

/** Lets the person pick a version of a file, or a snapshot of a folder. */
export async function pickVersion(uri: vscode.Uri, parts: CommandParts): Promise<SnapshotTarget | undefined> {
  const subject = await parts.history.subjectOf(uri);
  if (subject === undefined) {
    await vscode.window.showInformationMessage('This is in no folder that is backed up. Run “Backup: Choose Folders to Back Up” to begin.');
    return undefined;
  }
  const items = (await isDirectory(uri)) ? await snapshotItems(subject, parts) : await versionItems(subject, parts);
  if (items.length === 0) {
    await vscode.window.showInformationMessage('No version of this is backed up yet. Run “Backup: Push Workspace” to back it up now.');
    return undefined;
  }
  const title = `Versions of ${displayName(subject.path) || 'the folder'}`;
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: 'Newest first', matchOnDescription: true });
  return picked?.target;
}

type VersionItem = vscode.QuickPickItem & { readonly target: SnapshotTarget };

async function versionItems({ workspace, path, local }: HistorySubject, { engine, clock, signal }: CommandParts): Promise<readonly VersionItem[]> {
  const { items } = await engine.call('history', { workspace, path, limit: versionsMax }, { signal });
  return items
    .filter(({ kind }) => kind !== 'delete')
    .map(({ snapshot, kind, size, path: at, from }) => ({
      label: formatTime(snapshot.receivedAt),
      description: `${formatAge(clock.now() - snapshot.receivedAt)} · ${changeText(kind)}${from === undefined ? '' : ` from ${displayName(from)}`}${size === undefined ? '' : ` · ${formatBytes(size)}`}`,
      detail: at === path ? triggerText(snapshot) : `${triggerText(snapshot)} · then called ${displayName(at)}`,
      target: { snapshot: snapshot.id, path: at, kind: 'file', receivedAt: snapshot.receivedAt, folder: local?.folder },
    }));
}

async function snapshotItems({ workspace, path, local }: HistorySubject, { engine, clock, signal }: CommandParts): Promise<readonly VersionItem[]> {
  const snapshots = await engine.call('snapshots', { workspace, before: undefined, limit: versionsMax }, { signal });
  return snapshots
    .filter(({ stub }) => !stub)
    .map((snapshot) => ({
      label: formatTime(snapshot.receivedAt),
      description: `${formatAge(clock.now() - snapshot.receivedAt)} · ${countsText(snapshot)} · ${triggerText(snapshot)}`,
      target: { snapshot: snapshot.id, path, kind: 'directory', receivedAt: snapshot.receivedAt, folder: local?.folder },
    }));
}

async function isDirectory(uri: vscode.Uri): Promise<boolean> {
  try {
    return ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory) !== 0;
  } catch {
    return false; // It is not there any more: its versions are those of a file.
  }
}
