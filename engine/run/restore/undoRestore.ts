import { BackupError } from '../../../base/errors.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { joinPath, parentPath } from '../../core/byteString.ts';
import { siblingOf } from '../../core/restore/journal.ts';
import type { Intent, RestoreJournal } from '../../core/restore/journal.ts';
import type { Mark } from '../../core/restore/marks.ts';
import { sameMark } from '../../core/restore/marks.ts';
import type { Meta, RefusedPath, RestoreTotals } from '../../core/restore/restorePlan.ts';
import { settle } from './carryOut.ts';
import { captureAndCheck, changeInPlace, withoutUncaptured, withTarget } from './inPlace.ts';
import type { InPlaceOptions, OpenTarget } from './inPlace.ts';
import { recoverRestores } from './recoverRestores.ts';
import type { InPlaceReport } from './restoreReport.ts';
import { RestoreStore } from './restoreStore.ts';
import type { StagedRecord } from './restoreStore.ts';
import type { StagedContent } from './stageIntents.ts';
import { surveyDirectory, surveyMark } from './surveyDirectory.ts';

export type UndoOptions = InPlaceOptions;

interface UndoStep {
  readonly path: BytePath;
  readonly intent: Intent;
  readonly content: StagedContent | undefined;
}

/**
 * Takes back the last in-place restore of a folder: what it replaced, changed or deleted is as it was before, ignored
 * files included; what it made is gone. Where somebody has written since, that version is kept beside. It is itself
 * an in-place change: captured first, and taken back by the next undo.
 * Errors: `not-found` when there is none.
 */
export async function undoRestore(options: UndoOptions): Promise<InPlaceReport> {
  const { state, context, signal } = options;
  await recoverRestores({ ...options, acknowledged: async () => false });
  const store = new RestoreStore(state, context.hasher);
  const last = (await store.list()).at(-1);
  if (last === undefined) throw new BackupError('not-found', 'There is no in-place restore of this folder to take back.');
  const journal = await store.read(last.name);
  return await withTarget(options, async (open) => {
    const planned = await planUndo(journal, { open, options, store, name: last.name });
    const before = await captureAndCheck(await touchedBy(planned.steps, open, options), open, options);
    const { actions, refused } = withoutUncaptured(planned.steps, before, ({ intent }) => intent.kind);
    const contents = new Map(actions.flatMap(({ content }, n) => (content === undefined ? [] : [[n, content] as const])));
    const change = { purpose: 'undo', snapshot: journal.before, path: journal.path, before, contents, totals: totalsOf(actions) } as const;
    const report = await changeInPlace({ ...change, intents: actions.map(({ intent }) => intent) }, open, options);
    const parts = { journal, target: open.target, hasher: context.hasher, now: options.clock.now(), signal, store, name: last.name };
    const done = await store.readDone(last.name);
    // What it had set aside was put back, or is in both snapshots.
    const late = await settle(done, { ...parts, acknowledged: before.acknowledged });
    await store.prune();
    return { ...report, refused: [...planned.refused, ...refused], keptBeside: [...report.keptBeside, ...late.keptBeside] };
  });
}

interface PlanUndoParts {
  readonly open: OpenTarget;
  readonly options: UndoOptions;
  readonly store: RestoreStore;
  readonly name: string;
}

/** The opposite of each intent that was carried out. */
async function planUndo(
  journal: RestoreJournal,
  parts: PlanUndoParts,
): Promise<{ readonly steps: readonly UndoStep[]; readonly refused: readonly RefusedPath[] }> {
  const staged = await parts.store.readStaged(parts.name);
  const { skipped } = await parts.store.readDone(parts.name);
  const old = new OldContents(journal, parts);
  const steps: UndoStep[] = [];
  const refused: RefusedPath[] = [];
  for (const [n, intent] of journal.intents.entries()) {
    parts.options.signal.throwIfAborted();
    if (skipped.has(n)) continue;
    const step = await oppositeOf(n, intent, { staged, old, parts });
    if (step === 'lost') refused.push({ path: intent.path, reason: 'uncapturable' });
    else if (step !== undefined) steps.push(step);
  }
  return { steps, refused };
}

async function oppositeOf(
  n: number,
  intent: Intent,
  { staged, old, parts }: { readonly staged: StagedRecord; readonly old: OldContents; readonly parts: PlanUndoParts },
): Promise<UndoStep | 'lost' | undefined> {
  const { path } = intent;
  if (intent.kind === 'directory' || intent.kind === 'meta') {
    const opposite = await oppositeMeta(intent, parts.open);
    return opposite && { path, intent: opposite, content: undefined };
  }
  const made = intent.kind === 'put' ? staged.marks.get(n) : undefined;
  if (intent.before !== undefined) {
    const back = await old.of(n, path, intent.before);
    if (back === undefined) return 'lost';
    return { path, intent: { kind: 'put', path, before: made, from: back.from }, content: back.content };
  }
  if (made === undefined || (await parts.open.target.stat(path)) === undefined) return undefined;
  return { path, intent: { kind: 'delete', path, before: made, changed: 'keep-beside' }, content: undefined };
}

async function oppositeMeta(
  intent: Extract<Intent, { kind: 'directory' | 'meta' }>,
  { target }: OpenTarget,
): Promise<Intent | undefined> {
  const stat = await target.stat(intent.path);
  if (stat === undefined) return undefined;
  const was: Meta = { mode: stat.mode, mtimeNs: stat.mtimeNs };
  const { path, was: set } = intent;
  if (intent.kind === 'directory') return stat.kind === 'directory' ? { kind: 'directory', path, set, was } : undefined;
  const before = await target.mark(path);
  return before && { kind: 'meta', path, before, set, was };
}

interface OldContent {
  readonly from: ByteName | undefined;
  readonly content: StagedContent | undefined;
}

/** Where what was there before comes from: what was set aside, as long as it is there, else the pre-restore snapshot. */
class OldContents {
  readonly #journal: RestoreJournal;
  readonly #parts: PlanUndoParts;
  #root: TreeId | undefined;

  constructor(journal: RestoreJournal, parts: PlanUndoParts) {
    this.#journal = journal;
    this.#parts = parts;
  }

  async of(n: number, path: BytePath, before: Mark): Promise<OldContent | undefined> {
    const { open, options } = this.#parts;
    const aside = siblingOf(this.#journal, n, 'aside');
    const { target } = open;
    const mark = await surveyMark(joinPath(parentPath(path), aside), { target, hasher: options.context.hasher, signal: options.signal });
    if (mark !== undefined && sameMark(mark, before)) return { from: aside, content: undefined };
    this.#root ??= await options.rootOf(this.#journal.before);
    const entry = await options.reader.resolvePath(this.#root, path);
    return entry === undefined || entry.kind === 'root' ? undefined : { from: undefined, content: { entry, only: undefined } };
  }
}

async function touchedBy(steps: readonly UndoStep[], { target }: OpenTarget, { context, signal }: UndoOptions): Promise<ReadonlySet<BytePath>> {
  const touched = new Set<BytePath>();
  for (const { path, intent } of steps) {
    const stat = await target.stat(path);
    if (stat === undefined) continue;
    touched.add(path);
    if (stat.kind !== 'directory' || intent.kind === 'directory') continue;
    for (const each of (await surveyDirectory(path, { target, hasher: context.hasher, signal })).paths) touched.add(each);
  }
  return touched;
}

function totalsOf(steps: readonly UndoStep[]): RestoreTotals {
  const count = (is: (step: UndoStep) => boolean): number => steps.filter(is).length;
  return {
    files: count(({ intent, content }) => intent.kind === 'put' && content?.entry.kind !== 'directory' && content?.entry.kind !== 'symlink'),
    directories: count(({ content }) => content?.entry.kind === 'directory'),
    symlinks: count(({ content }) => content?.entry.kind === 'symlink'),
    bytes: steps.reduce((sum, { content }) => sum + (content?.entry.kind === 'file' ? content.entry.size : 0), 0),
    replaced: count(({ intent }) => intent.kind === 'put' && intent.before !== undefined),
    deleted: count(({ intent }) => intent.kind === 'delete'),
    meta: count(({ intent }) => intent.kind === 'meta'),
    same: 0,
  };
}
