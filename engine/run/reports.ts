import type { ErrorCode } from '../../base/errors.ts';
import type { SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import type { BytePath } from '../core/byteString.ts';
import type { ChangedPath, SnapshotRecord, SnapshotWarning, Trigger } from '../core/snapshot/snapshotTypes.ts';

/** What is going on now, for progress bars. Totals are undefined while they are not known. */
export interface Progress {
  readonly phase: 'scan' | 'upload' | 'commit' | 'fetch' | 'write' | 'verify';
  readonly filesDone: number;
  readonly filesTotal: number | undefined;
  readonly bytesDone: number;
  readonly bytesTotal: number | undefined;
}
export type OnProgress = (progress: Progress) => void;

/** `all`: a reconciling scan of the whole folder. A set: only these paths and what lies under them. */
export type Dirty = 'all' | ReadonlySet<BytePath>;

export interface PushOptions {
  readonly dirty: Dirty;
  readonly trigger: Trigger;
  readonly message: string | undefined;
  /** Reads and hashes everything again and asks the server about every object, whatever the caches say. */
  readonly force: boolean;
  /** Decides everything, sends and stores nothing. */
  readonly dryRun: boolean;
  /** Paths to capture even when a rule leaves them out (the pre-restore snapshot). */
  readonly include: ReadonlySet<BytePath>;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** A snapshot that the server has just acknowledged: the one of a push, or one that had waited. */
export interface AcknowledgedSnapshot {
  readonly record: SnapshotRecord;
  readonly seq: number;
  /** Server time, ms. */
  readonly receivedAt: number;
}
export type OnAcknowledged = (snapshot: AcknowledgedSnapshot) => void;

export interface PushReport {
  /** `unchanged`: no snapshot was made; `snapshot` is the existing one. `queued`: it waits in the outbox. */
  readonly outcome: 'acknowledged' | 'queued' | 'unchanged' | 'dry-run';
  /** Undefined only for a dry run of a folder that was never backed up; the same holds for its name. */
  readonly workspace: WorkspaceId | undefined;
  /** Not the folder's name when that was taken: then this is a workspace of its own, with a number behind. */
  readonly workspaceName: string | undefined;
  /** Undefined only for a dry run of a folder that was never backed up. */
  readonly snapshot: SnapshotId | undefined;
  /** The server's number; undefined until acknowledged. */
  readonly seq: number | undefined;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesDeleted: number;
  readonly bytesRead: number;
  readonly bytesSent: number;
  readonly warnings: readonly SnapshotWarning[];
  readonly warningsTotal: number;
  readonly changed: readonly ChangedPath[];
  /** Why it is queued. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
}
