import * as vscode from 'vscode';
import type { PushReport } from '../../engine/run/reports.ts';
import { progressText } from '../model/statusText.ts';
import { signalFrom } from '../signals.ts';
import { pushedText } from '../text.ts';
import type { CommandParts } from './commandParts.ts';
import { signIn } from './accountCommands.ts';

/** Backs up every folder of the window now, whatever is set. */
export async function push(parts: CommandParts): Promise<void> {
  const { sessions, folders, log } = parts;
  if ((await sessions.ready()) === undefined && (await signIn(parts)) === undefined) return;
  await parts.connected();
  if (!vscode.workspace.isTrusted) {
    const manage = 'Manage Trust';
    const answer = await vscode.window.showWarningMessage('This workspace is not trusted, so nothing of it is uploaded. Your files and what the server has are as they were. Trust the workspace to back it up.', manage);
    if (answer === manage) await vscode.commands.executeCommand('workbench.trust.manage');
    return;
  }
  if (folders.candidates.length === 0) {
    await vscode.window.showInformationMessage('There is no folder to back up. Open a folder, then push again.');
    return;
  }
  if (folders.followed.length === 0 && !(await chooseFolders(parts))) return;
  for (const folder of folders.followed) {
    const report = await pushFolder(folder, parts);
    const text = pushedText(report, folder.name);
    log.info(text);
    for (const { path, kind } of report.warnings) log.warn(`${folder.name}: ${path}: ${kind}`);
    tellPushed(text, report);
  }
}

/** Lets the person say which folders are backed up. Answers whether any is. */
export async function chooseFolders({ folders }: CommandParts): Promise<boolean> {
  const { candidates } = folders;
  const followed = new Set(folders.followed.map(({ uri }) => uri.fsPath));
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined && !followed.has(only.uri.fsPath)) return await folders.choose(only);
  const items = candidates.map((folder) => ({ label: folder.name, description: folder.uri.fsPath, picked: followed.has(folder.uri.fsPath), folder }));
  const chosen = await vscode.window.showQuickPick(items, { canPickMany: true, title: 'Folders to Back Up', placeHolder: 'What is left out stays on the server as it is' });
  if (chosen === undefined) return followed.size > 0;
  for (const { folder } of items) {
    const wanted = chosen.some((each) => each.folder === folder);
    if (wanted && !followed.has(folder.uri.fsPath)) await folders.choose(folder);
    if (!wanted && followed.has(folder.uri.fsPath)) await folders.leave(folder);
  }
  return folders.followed.length > 0;
}

async function pushFolder({ uri, name }: vscode.WorkspaceFolder, { engine, signal }: CommandParts): Promise<PushReport> {
  const options = { location: vscode.ProgressLocation.Notification, cancellable: true, title: `Backing up “${name}”` };
  return await vscode.window.withProgress(options, async (progress, token) => {
    const cancelled = signalFrom(token);
    try {
      return await engine.call('push', { folder: uri.fsPath, message: undefined }, {
        signal: AbortSignal.any([signal, cancelled.signal]),
        onProgress: (each) => progress.report({ message: progressText(each) }),
      });
    } finally {
      cancelled.dispose();
    }
  });
}

function tellPushed(text: string, { outcome }: PushReport): void {
  const show = outcome === 'queued' ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  // Nobody waits for it to be closed.
  void show(text);
}
