import type { ErrorCode } from '../../base/errors.ts';
import type { BytePath } from '../../engine/core/byteString.ts';
import type { DifferenceKind } from '../../engine/core/diff/compareEntries.ts';
import type { RefusedPath, RestoreTotals } from '../../engine/core/restore/restorePlan.ts';
import type { SnapshotCounts, Trigger } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { Progress, PushReport } from '../../engine/run/reports.ts';
import type { InPlaceReport, RestoreReport } from '../../engine/run/restore/restoreReport.ts';
import type { Trust } from '../../engine/core/session/session.ts';
import type { ServerCertificate } from '../../engine/store/trust.ts';
import type { SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import type { Session } from '../../engine/core/session/session.ts';

/**
 * What the editor's side asks of the engine's worker. Values travel by structured clone. A folder is named by its path
 * on disk as the editor knows it (`fsPath`), a path within one by the engine's byte path.
 */
export interface EngineCalls {
  /** Undefined when authorities that this machine trusts vouch for it, or when it speaks plain HTTP on the loopback. */
  readonly certificate: Call<{ readonly url: string; readonly proxy: string | undefined }, ServerCertificate | undefined>;
  readonly signIn: Call<SignInRequest, Session>;
  /** Revokes the token. */
  readonly signOut: Call<{ readonly session: Session; readonly proxy: string | undefined }, void>;
  /** From now on everything is asked as this session; undefined: as nobody. */
  readonly useSession: Call<{ readonly session: Session | undefined; readonly proxy: string | undefined }, void>;
  /** The folders that are backed up from this window; those not named are left. */
  readonly follow: Call<{ readonly folders: readonly FollowedFolder[] }, void>;
  /** Paths may have changed, each with all beneath; `all`: anything may. */
  readonly notice: Call<Notice, void>;
  readonly push: Call<{ readonly folder: string; readonly message: string | undefined }, PushReport>;
  readonly survey: Call<{ readonly folder: string; readonly rules: RuleSettings }, Survey>;
  readonly explain: Call<{ readonly folder: string; readonly path: string; readonly rules: RuleSettings }, string>;

  /** Undefined when this folder was never backed up to this account from this machine. */
  readonly workspaceOf: Call<{ readonly folder: string }, WorkspaceSummary | undefined>;
  readonly snapshots: Call<{ readonly workspace: WorkspaceId; readonly before: number | undefined; readonly limit: number }, readonly SnapshotSummary[]>;
  readonly snapshot: Call<{ readonly snapshot: SnapshotId }, SnapshotSummary>;
  readonly changes: Call<{ readonly snapshot: SnapshotId; readonly limit: number }, ChangeList>;
  readonly directory: Call<SnapshotPath, readonly EntrySummary[]>;
  readonly stat: Call<SnapshotPath, EntrySummary>;
  readonly readFile: Call<SnapshotPath, Uint8Array>;
  readonly history: Call<{ readonly workspace: WorkspaceId; readonly path: BytePath; readonly limit: number }, HistoryList>;
  readonly deletedFiles: Call<{ readonly workspace: WorkspaceId; readonly limit: number }, readonly DeletedFile[]>;

  readonly planRestore: Call<RestoreCall, RestorePreview>;
  readonly restore: Call<RestoreCall & { readonly except: readonly BytePath[] }, InPlaceReport>;
  readonly restoreTo: Call<SnapshotPath & { readonly target: string }, RestoreReport>;
  readonly undo: Call<{ readonly folder: string; readonly except: readonly BytePath[] }, InPlaceReport>;
}

interface Call<Params, Result> {
  readonly params: Params;
  readonly result: Result;
}

export type CallName = keyof EngineCalls;
export type ParamsOf<Name extends CallName> = EngineCalls[Name]['params'];
export type ResultOf<Name extends CallName> = EngineCalls[Name]['result'];

/** What the worker tells unasked. */
export type EngineEvent =
  | { readonly kind: 'folder'; readonly folder: string; readonly status: FolderStatus }
  /** A snapshot was acknowledged. */
  | { readonly kind: 'snapshot'; readonly folder: string; readonly workspace: WorkspaceId }
  /** A restore that was cut off was brought to an end when the folder was opened. */
  | { readonly kind: 'recovered'; readonly folder: string; readonly undone: number; readonly finished: number }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly line: string };

export interface SignInRequest {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly device: string;
  readonly trust: Trust;
  readonly proxy: string | undefined;
}

export interface RuleSettings {
  readonly exclude: readonly string[];
  readonly fileBytesMax: number;
}

export interface FollowedFolder {
  readonly folder: string;
  readonly name: string;
  readonly rules: RuleSettings;
  /** Changes are backed up by themselves. */
  readonly auto: boolean;
  /** One file that the editor saves by itself makes at most one snapshot in this time. */
  readonly coalesceMs: number;
}

export interface Notice {
  readonly folder: string;
  /** Relative paths as the editor writes them, with slashes; `all`: look at everything. */
  readonly paths: readonly string[] | 'all';
  readonly cause: 'save' | 'autosave' | 'watch' | 'scan';
}

export interface FolderStatus {
  readonly phase: 'idle' | 'working';
  readonly progress: Progress | undefined;
  /** Of the newest state that the server acknowledged, by this machine's clock. */
  readonly acknowledgedAt: number | undefined;
  /** Snapshots that are captured and not sent. */
  readonly waiting: number;
  /** Changed paths that are not captured yet. */
  readonly dirty: boolean;
  readonly problem: Problem | undefined;
}

export interface Problem {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  /** `certificate`, `disk`, `quota`, … where the engine knows. */
  readonly reason: string | undefined;
}

export interface Survey {
  readonly files: number;
  readonly bytes: number;
  /** Names that rules leave out; what lies under a directory that is left out is not counted. */
  readonly leftOut: number;
  /** The commonest reasons. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  /** Counting ended at a bound: there is more. */
  readonly more: boolean;
}

export interface WorkspaceSummary {
  readonly id: WorkspaceId;
  readonly name: string;
}

export interface SnapshotSummary {
  readonly id: SnapshotId;
  readonly workspace: WorkspaceId;
  readonly seq: number;
  /** Server time, ms. */
  readonly receivedAt: number;
  readonly deviceName: string;
  readonly trigger: Trigger;
  readonly partial: boolean;
  /** Thinned out: only its place in history is left. */
  readonly stub: boolean;
  readonly first: boolean;
  readonly message: string | undefined;
  readonly counts: SnapshotCounts | undefined;
  readonly warnings: number;
  /** A few of the changed paths, to tell runs of the same file. */
  readonly changed: readonly BytePath[];
}

export interface SnapshotPath {
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
}

export interface EntrySummary {
  readonly path: BytePath;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly size: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

export interface ChangeSummary {
  readonly path: BytePath;
  readonly kind: DifferenceKind;
  /** Of what is there after the change, or was before a deletion. */
  readonly entry: 'file' | 'directory' | 'symlink';
}

export interface ChangeList {
  readonly previous: SnapshotId | undefined;
  readonly changes: readonly ChangeSummary[];
  readonly more: boolean;
}

export interface HistoryItem {
  readonly snapshot: SnapshotSummary;
  readonly path: BytePath;
  readonly kind: DifferenceKind | 'moved';
  readonly from: BytePath | undefined;
  /** Undefined when the path is gone from there on. */
  readonly size: number | undefined;
  /** The snapshot before, which holds what a deletion took away. */
  readonly previous: SnapshotId | undefined;
}

export interface HistoryList {
  readonly items: readonly HistoryItem[];
  readonly more: boolean;
}

export interface DeletedFile {
  readonly path: BytePath;
  readonly deletedAt: number;
  /** The last snapshot that holds it. */
  readonly snapshot: SnapshotId;
}

export interface RestoreCall {
  readonly folder: string;
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
  readonly deleteOthers: boolean;
}

export interface RestorePreview {
  readonly totals: RestoreTotals;
  /** What would be written, replaced or deleted; the first of them. */
  readonly actions: readonly { readonly kind: 'create' | 'replace' | 'delete' | 'meta'; readonly path: BytePath }[];
  readonly actionsTotal: number;
  readonly refused: readonly RefusedPath[];
}
