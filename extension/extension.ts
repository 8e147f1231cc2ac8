import type * as vscode from 'vscode';
import { composeExtension, type Extension } from './compose.ts';

/** Kept because `deactivate` is given nothing. */
let extension: Extension | undefined;

/** Composes and returns; everything that takes time starts afterwards. */
export function activate(context: vscode.ExtensionContext): void {
  extension = composeExtension(context);
  context.subscriptions.push(extension);
  extension.start();
}

export async function deactivate(): Promise<void> {
  await extension?.close();
}
