import * as vscode from 'vscode';
import { isBackupError, messageOf } from '../../base/errors.ts';
import { explainError } from '../text.ts';

/** Runs what a person asked for; a failure is told: what happened, what is safe, what to do. */
export async function runShown(name: string, log: vscode.LogOutputChannel, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (isBackupError(error, 'cancelled')) {
      log.info(`${name}: ${error.message}`);
      return undefined;
    }
    log.error(`${name}: ${messageOf(error)}${error instanceof Error && !isBackupError(error) ? `\n${error.stack ?? ''}` : ''}`);
    await showError(error);
    return undefined;
  }
}

/** Says what happened, what is safe and what to do, with a button for it. */
export async function showError(error: unknown): Promise<void> {
  const { happened, safe, next, action } = explainError(error);
  const signIn = 'Sign In';
  const showLog = 'Show Log';
  const answer = await vscode.window.showErrorMessage(`${happened} ${safe} ${next}`, ...(action === 'sign-in' ? [signIn] : []), showLog);
  if (answer === signIn) await vscode.commands.executeCommand('holdfast.signIn');
  if (answer === showLog) await vscode.commands.executeCommand('holdfast.showLog');
}
