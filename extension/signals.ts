import type * as vscode from 'vscode';
import type { Disposable } from '../base/disposable.ts';
import { BackupError } from '../base/errors.ts';

/** An editor's token as a signal. */
export function signalFrom(token: vscode.CancellationToken): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new BackupError('cancelled', 'Stopped by the user.'));
  if (token.isCancellationRequested) abort();
  const listener = token.onCancellationRequested(abort);
  return { signal: controller.signal, dispose: () => listener.dispose() };
}
