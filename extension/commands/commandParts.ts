import type * as vscode from 'vscode';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { EngineClient } from '../engineClient.ts';
import type { BackupFolders } from '../folders/backupFolders.ts';
import type { SessionStore } from '../session/sessionStore.ts';
import type { HistoryView } from '../views/historyView.ts';
import type { SnapshotView } from '../views/snapshotView.ts';

/** What commands work with. */
export interface CommandParts {
  readonly engine: EngineClient;
  readonly sessions: SessionStore;
  readonly folders: BackupFolders;
  readonly snapshots: SnapshotView;
  readonly history: HistoryView;
  readonly clock: Clock;
  readonly log: vscode.LogOutputChannel;
  /** Aborts when the window closes. */
  readonly signal: AbortSignal;
  /** Resolves when the engine knows who is signed in. */
  readonly connected: () => Promise<void>;
}
