import * as vscode from 'vscode';
import type { SnapshotPath } from '../messages/engineCalls.ts';
import { parseSnapshotUri, snapshotScheme, snapshotUriParts } from '../model/snapshotUri.ts';

/** The address of a file or folder in a snapshot. */
export function snapshotUri(at: SnapshotPath): vscode.Uri {
  return vscode.Uri.from({ scheme: snapshotScheme, ...snapshotUriParts(at) });
}

/** Errors: `invalid`. */
export function snapshotPathOf(uri: vscode.Uri): SnapshotPath {
  return parseSnapshotUri(uri);
}
