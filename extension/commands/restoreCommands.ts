import * as vscode from 'vscode';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { displayName, nameOfPath, parentPath, rootPath, type BytePath } from '../../engine/core/byteString.ts';
import type { OnProgress } from '../../engine/run/reports.ts';
import { snapshotUri } from '../browse/snapshotUris.ts';
import type { RestorePreview } from '../messages/engineCalls.ts';
import { progressText } from '../model/statusText.ts';
import { formatTime } from '../model/units.ts';
import { signalFrom } from '../signals.ts';
import { previewText, restoredText, totalsText, totalsWithout } from '../text.ts';
import { diff } from './compareCommands.ts';
import type { CommandParts } from './commandParts.ts';
import { pickVersion } from './pickVersion.ts';
import { fileOf, targetName, targetOf, targetTitle, unsavedUnder, type CommandInput, type SnapshotTarget } from './targets.ts';

type How = 'keep-others' | 'exactly' | 'elsewhere';

/** Brings a file, a folder or everything back: where it was, or elsewhere. */
export async function restore(input: CommandInput, parts: CommandParts): Promise<void> {
  const uri = fileOf(input);
  const target = (await targetOf(input, parts)) ?? (uri === undefined ? undefined : await pickVersion(uri, parts));
  if (target === undefined) return;
  const how = await askHow(target, parts);
  if (how === 'elsewhere') await restoreElsewhere(target, parts);
  else if (how !== undefined) await restoreHere(target, how, parts);
}

/** Into another folder, beside whatever is there. */
export async function restoreTo(input: CommandInput, parts: CommandParts): Promise<void> {
  const target = await targetOf(input, parts);
  if (target !== undefined) await restoreElsewhere(target, parts);
}

/** Lists what is gone and brings back what is picked. */
export async function restoreDeleted(parts: CommandParts): Promise<void> {
  const folder = await pickFolder(parts);
  if (folder === undefined) return;
  const { engine, signal, clock } = parts;
  const workspace = await engine.call('workspaceOf', { folder: folder.uri.fsPath }, { signal });
  const find = async () => (workspace === undefined ? [] : await engine.call('deletedFiles', { workspace: workspace.id, limit: 2_000 }, { signal }));
  const deleted = await vscode.window.withProgress({ location: { viewId: 'holdfast.snapshots' } }, find);
  if (deleted.length === 0) {
    await vscode.window.showInformationMessage(`No deleted file of “${folder.name}” is in its newest snapshots. Look into older ones in the Backup view.`);
    return;
  }
  const items = deleted.map(({ path, deletedAt, snapshot }) => ({
    label: displayName(nameOfPath(path)),
    description: displayName(parentPath(path)),
    detail: `deleted ${formatTime(Math.min(deletedAt, clock.now()))}`,
    target: { snapshot, path, kind: 'file', receivedAt: deletedAt, folder: folder.uri.fsPath } satisfies SnapshotTarget,
  }));
  const picked = await vscode.window.showQuickPick(items, { title: `Deleted Files of “${folder.name}”`, placeHolder: 'The latest first; type to search', matchOnDescription: true });
  if (picked !== undefined) await restoreHere(picked.target, 'keep-others', parts);
}

/** Takes back the last restore of a folder. */
export async function undo(parts: CommandParts): Promise<void> {
  const folder = await pickFolder(parts);
  if (folder === undefined) return;
  const { engine, signal } = parts;
  const path = folder.uri.fsPath;
  const unsaved = unsavedUnder(path, rootPath);
  const report = await withProgress(`Taking back the last restore of “${folder.name}”`, signal, async (options) =>
    await engine.call('undo', { folder: path, except: unsaved.map((each) => each.path) }, options),
  );
  const text = restoredText({ what: `The last restore of “${folder.name}” is taken back`, report, unsaved: unsaved.map((each) => each.path) });
  parts.log.info(text);
  void vscode.window.showInformationMessage(text);
}

async function askHow(target: SnapshotTarget, { folders }: CommandParts): Promise<How | undefined> {
  const here = target.folder !== undefined && folders.followed.some(({ uri }) => uri.fsPath === target.folder);
  if (!here) return 'elsewhere';
  if (target.kind !== 'directory') return 'keep-others';
  const items: readonly (vscode.QuickPickItem & { readonly how: How })[] = [
    { label: 'Bring back files, keep everything else', description: 'newer files that the snapshot does not have stay', how: 'keep-others' },
    { label: 'Make it exactly as it was', description: 'also deletes what the snapshot does not have', how: 'exactly' },
    { label: 'Restore to another folder…', description: 'nothing here is touched', how: 'elsewhere' },
  ];
  return (await vscode.window.showQuickPick(items, { title: `Restore ${targetTitle(target)}`, placeHolder: 'You will see what would be written, overwritten and deleted before anything happens' }))?.how;
}

async function restoreHere(target: SnapshotTarget, how: 'keep-others' | 'exactly', parts: CommandParts): Promise<void> {
  const { engine, signal, log } = parts;
  const { folder, snapshot, path } = target;
  if (folder === undefined) return;
  const call = { folder, snapshot, path, deleteOthers: how === 'exactly' };
  const preview = await withProgress(`Looking what a restore of ${targetName(target)} would change`, signal, async (options) => await engine.call('planRestore', call, options));
  const unsaved = unsavedTouched(folder, path, preview);
  if (preview.actionsTotal === 0 && preview.refused.length === 0) {
    await vscode.window.showInformationMessage(`${targetName(target)} is already as it was at ${formatTime(target.receivedAt)}: there is nothing to restore.`);
    return;
  }
  if (!(await confirmed(target, { preview, unsaved }))) return;
  const except = unsaved.map((each) => each.path);
  const report = await withProgress(`Restoring ${targetName(target)}`, signal, async (options) => await engine.call('restore', { ...call, except }, options));
  const text = restoredText({ what: `${targetTitle(target)} is restored`, report, unsaved: except });
  log.info(text);
  const takeBack = 'Undo';
  const answer = await vscode.window.showInformationMessage(text, ...(report.before === undefined ? [] : [takeBack]));
  if (answer === takeBack) await vscode.commands.executeCommand('holdfast.undo');
}

interface Shown {
  readonly preview: RestorePreview;
  readonly unsaved: readonly { readonly path: BytePath; readonly uri: vscode.Uri }[];
}

/** Shows what would happen, until the person decides. */
async function confirmed(target: SnapshotTarget, { preview, unsaved }: Shown): Promise<boolean> {
  const go = 'Restore';
  const look = 'Compare Unsaved';
  const skipped = new Set(unsaved.map(({ path }) => path));
  const count = (kind: 'create' | 'replace'): number => preview.actions.filter((action) => action.kind === kind && skipped.has(action.path)).length;
  const totals = totalsWithout(preview.totals, { created: count('create'), replaced: count('replace') });
  const message = `Restore ${targetTitle(target)}? This will ${totalsText(totals)}.`;
  const detail = previewText({ preview, unsaved: unsaved.map(({ path }) => path) });
  const answer = await vscode.window.showWarningMessage(message, { modal: true, detail }, go, ...(unsaved.length > 0 ? [look] : []));
  if (answer !== look) return answer === go;
  for (const { path, uri } of unsaved.slice(0, 10)) {
    await diff({ left: snapshotUri({ snapshot: target.snapshot, path }), right: uri, title: `${displayName(path)} (${formatTime(target.receivedAt)} ↔ unsaved)` });
  }
  return false;
}

/** Only those that the restore would touch; a folder that is made anew holds none. */
function unsavedTouched(folder: string, path: BytePath, { actions, actionsTotal }: RestorePreview): Shown['unsaved'] {
  const all = unsavedUnder(folder, path);
  if (actionsTotal > actions.length) return all;
  const touched = new Set(actions.map((action) => action.path));
  return all.filter((each) => touched.has(each.path));
}

async function restoreElsewhere(target: SnapshotTarget, { engine, signal, log }: CommandParts): Promise<void> {
  const [chosen] = (await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, openLabel: 'Restore Here', title: `Restore ${targetTitle(target)} to…` })) ?? [];
  if (chosen === undefined) return;
  if (chosen.scheme !== 'file') throw new BackupError('invalid', 'A restore needs a folder on this machine’s disk.');
  const { snapshot, path } = target;
  const report = await withProgress(`Restoring ${targetName(target)} to ${chosen.fsPath}`, signal, async (options) =>
    await engine.call('restoreTo', { snapshot, path, target: chosen.fsPath }, options),
  );
  const text = restoredText({ what: `${targetTitle(target)} is restored to ${chosen.fsPath}`, report, unsaved: [] });
  log.info(text);
  void vscode.window.showInformationMessage(text);
}

async function pickFolder({ folders, connected }: CommandParts): Promise<vscode.WorkspaceFolder | undefined> {
  await connected();
  const { followed } = folders;
  if (followed.length === 0) throw new BackupError('not-found', 'No folder of this window is backed up.');
  if (followed.length === 1) return followed[0];
  const items = followed.map((folder) => ({ label: folder.name, description: folder.uri.fsPath, folder }));
  return (await vscode.window.showQuickPick(items, { title: 'Of which folder?' }))?.folder;
}

async function withProgress<T>(title: string, signal: AbortSignal, work: (options: { readonly signal: AbortSignal; readonly onProgress: OnProgress }) => Promise<T>): Promise<T> {
  return await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, cancellable: true, title }, async (progress, token) => {
    const cancelled = signalFrom(token);
    try {
      return await work({ signal: AbortSignal.any([signal, cancelled.signal]), onProgress: (each) => progress.report({ message: progressText(each) }) });
    } catch (error) {
      if (isBackupError(error, 'cancelled')) throw new BackupError('cancelled', `${title}: stopped. What was not finished was taken back or is finished by itself.`);
      throw error;
    } finally {
      cancelled.dispose();
    }
  });
}
