import { toHex } from '../../../base/bytes.ts';
import type { SnapshotId, TreeId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import { ancestorsOf } from '../../core/byteString.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { Intent, RestoreJournal } from '../../core/restore/journal.ts';
import type { RefusedPath, RestorePlan } from '../../core/restore/restorePlan.ts';
import type { AbsolutePath } from '../../ports/files.ts';
import type { Clock } from '../../ports/primitives.ts';
import type { SafeFiles } from '../../ports/safeFiles.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import type { OnProgress } from '../reports.ts';
import { checkCaptured } from './checkCaptured.ts';
import { carryOut, rollBack, settle } from './carryOut.ts';
import type { CarryOutParts } from './carryOut.ts';
import { probeName, probeTarget } from './prepareTarget.ts';
import type { TargetTraits } from './prepareTarget.ts';
import { WriteProgress } from './restoreReport.ts';
import type { InPlaceReport } from './restoreReport.ts';
import { RestoreStore } from './restoreStore.ts';
import { stageIntents } from './stageIntents.ts';
import type { StagedContent } from './stageIntents.ts';
import { TargetFolder } from './targetFolder.ts';
import { typed } from './typed.ts';

/** Makes the snapshot that holds everything a restore is about to touch. */
export type Capture = (paths: ReadonlySet<BytePath>, options: { readonly signal: AbortSignal }) => Promise<Captured>;

export interface Captured {
  readonly snapshot: SnapshotId;
  /** Whether the server has it: if not, what is set aside stays on the disk. */
  readonly acknowledged: boolean;
  /** Of the paths asked for, those that the snapshot does not hold. They are not touched. */
  readonly uncapturable: ReadonlySet<BytePath>;
}

/** Whatever changes a folder in place is given. */
export interface InPlaceOptions {
  readonly reader: ObjectReader;
  readonly context: FormatContext;
  readonly files: SafeFiles;
  /** The folder itself. */
  readonly folder: AbsolutePath;
  /** Of this folder's restores alone. */
  readonly state: StateFolder;
  readonly capture: Capture;
  /** The root of a snapshot that the server has: of the pre-restore snapshot, to see what it holds. */
  readonly rootOf: (snapshot: SnapshotId) => Promise<TreeId>;
  readonly clock: Pick<Clock, 'now'>;
  readonly windows: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** A change that is decided but not begun. */
export interface PreparedChange {
  readonly purpose: RestoreJournal['purpose'];
  /** What the folder is brought to. */
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
  readonly before: Captured;
  readonly intents: readonly Intent[];
  /** What has to be written for a put, by the number of its intent. */
  readonly contents: ReadonlyMap<number, StagedContent>;
  readonly totals: RestorePlan['totals'];
}

export interface OpenTarget extends TargetTraits {
  readonly target: TargetFolder;
}

/** Runs `work` on the folder, with what a try on its disk showed. */
export async function withTarget<T>(options: InPlaceOptions, work: (open: OpenTarget) => Promise<T>): Promise<T> {
  return await typed('The folder could not be changed', async () => await withOpenTarget(options, work));
}

async function withOpenTarget<T>(options: InPlaceOptions, work: (open: OpenTarget) => Promise<T>): Promise<T> {
  const target = new TargetFolder(options.files, options.folder);
  try {
    const traits = await probeTarget(target, { windows: options.windows, name: probeName });
    return await work({ target, ...traits });
  } finally {
    await target.close();
  }
}

/**
 * Captures what a change will touch, and checks that the server got it: what the snapshot does not hold as it is on
 * the disk counts as uncapturable. While the server is away nothing can be checked; then what is replaced is kept on
 * the disk.
 */
export async function captureAndCheck(paths: ReadonlySet<BytePath>, { target }: OpenTarget, options: InPlaceOptions): Promise<Captured> {
  const { capture, rootOf, reader, context, signal } = options;
  const captured = await capture(paths, { signal });
  if (!captured.acknowledged) return captured;
  const missing = await checkCaptured(paths, { reader, context, root: await rootOf(captured.snapshot), target, signal });
  return { ...captured, uncapturable: new Set([...captured.uncapturable, ...missing]) };
}

/**
 * Journal, stage, swap, tidy. Until everything is staged and flushed nothing is touched, and any failure takes back
 * what was staged; from then on it is only renames, which the next start finishes if this process dies.
 */
export async function changeInPlace(change: PreparedChange, { target, rules, umask }: OpenTarget, options: InPlaceOptions): Promise<InPlaceReport> {
  const { context, state, folder, reader, signal, clock, onProgress } = options;
  const store = new RestoreStore(state, context.hasher);
  const { purpose, snapshot, path, before, intents, contents, totals } = change;
  const startedAt = clock.now();
  const id = toHex(context.random.bytes(4));
  const journal: RestoreJournal = { id, purpose, root: folder, snapshot, before: before.snapshot, path, startedAt, intents };
  const name = await store.plan(journal);
  const parts: CarryOutParts = { journal, target, hasher: context.hasher, now: startedAt, signal, store, name };
  const progress = new WriteProgress({ totals }, onProgress);
  const { hasher } = context;
  const staging = { journal, reader, target, hasher, rules, umask, signal, onFile: () => progress.file(), onBytes: (bytes: number) => progress.bytes(bytes) };
  let staged: Awaited<ReturnType<typeof stageIntents>>;
  try {
    staged = await stageIntents(contents, staging);
    await store.staged(name, staged.staged);
  } catch (error) {
    // Also after an abort: this only takes away what is ours, and the next start would do the same.
    await rollBack({ ...parts, signal: new AbortController().signal });
    throw error;
  }
  const carried = await carryOut(staged.staged, parts);
  const settled = await settle(carried.done, { ...parts, acknowledged: before.acknowledged });
  return {
    totals,
    refused: [],
    failed: [...staged.failed, ...carried.failed],
    keptBeside: [...carried.keptBeside, ...settled.keptBeside],
    left: carried.left,
    before: before.snapshot,
    asides: settled.record.asides,
  };
}

/** What touches nothing uncaptured, and the rest as refused. What goes aside takes everything beneath along. */
export function withoutUncaptured<T extends { readonly path: BytePath }>(
  changes: readonly T[],
  { uncapturable }: Captured,
  kindOf: (change: T) => Intent['kind'],
): { readonly actions: readonly T[]; readonly refused: readonly RefusedPath[] } {
  const above = new Set(Array.from(uncapturable, (path) => [...ancestorsOf(path)]).flat());
  const actions: T[] = [];
  const refused: RefusedPath[] = [];
  for (const change of changes) {
    const kind = kindOf(change);
    const spoilt = uncapturable.has(change.path) || (above.has(change.path) && (kind === 'put' || kind === 'delete'));
    if (spoilt) refused.push({ path: change.path, reason: 'uncapturable' });
    else actions.push(change);
  }
  return { actions, refused };
}
