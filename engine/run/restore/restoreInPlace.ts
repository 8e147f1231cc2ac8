import type { SnapshotId, TreeId } from '../../../protocol/ids.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import type { Intent } from '../../core/restore/journal.ts';
import type { RestoreAction, RestorePlan } from '../../core/restore/restorePlan.ts';
import type { TargetRules } from '../../core/restore/targetNames.ts';
import { locate } from '../read/listTree.ts';
import { captureAndCheck, changeInPlace, withoutUncaptured, withTarget } from './inPlace.ts';
import type { InPlaceOptions } from './inPlace.ts';
import { planRestore } from './planRestore.ts';
import type { PlanOptions } from './planRestore.ts';
import { recoverRestores } from './recoverRestores.ts';
import { RestoreStore } from './restoreStore.ts';
import type { InPlaceReport } from './restoreReport.ts';
import type { StagedContent } from './stageIntents.ts';
import { TargetFolder } from './targetFolder.ts';

export interface RestoreInPlaceOptions extends InPlaceOptions {
  readonly snapshot: SnapshotId;
  readonly root: TreeId;
  /** What of the snapshot; the empty path is everything. */
  readonly path: BytePath;
  /**
   * Deletes what the snapshot does not have under the path. Never what the folder's rules leave out: `keptNames`
   * answers the names of a directory that they keep.
   */
  readonly deleteOthers: { keptNames(directory: BytePath): Promise<ReadonlySet<ByteName>> } | undefined;
  /** The content that a file is known to have by its stat, which saves reading it. */
  readonly known?: PlanOptions['known'];
}

type PlanInPlaceOptions = Omit<RestoreInPlaceOptions, 'capture' | 'rootOf' | 'state'>;

/** What `restoreInPlace` would do. Touches nothing, tries nothing out on the disk. */
export async function planRestoreInPlace(options: PlanInPlaceOptions, rules: TargetRules): Promise<RestorePlan> {
  const target = new TargetFolder(options.files, options.folder);
  try {
    return await planFor(options, { target, rules });
  } finally {
    await target.close();
  }
}

/**
 * Brings the folder, or one path of it, to what a snapshot has. Everything that is replaced, changed or deleted is
 * captured first, ignored or not; what cannot be captured is not touched. `undoRestore` takes it back.
 */
export async function restoreInPlace(options: RestoreInPlaceOptions): Promise<InPlaceReport> {
  await recoverRestores({ ...options, acknowledged: async () => false });
  return await withTarget(options, async (open) => {
    const plan = await planFor(options, open);
    if (plan.actions.length === 0) return { ...nothingDone, totals: plan.totals, refused: plan.refused };
    const before = await captureAndCheck(plan.touched, open, options);
    const { actions, refused } = withoutUncaptured(plan.actions, before, ({ kind }) => kind);
    const intents = actions.map(intentOf);
    const contents = new Map(actions.flatMap((action, n) => (action.kind === 'put' ? [[n, contentOf(action)] as const] : [])));
    const { snapshot, path } = options;
    const report = await changeInPlace({ purpose: 'restore', snapshot, path, before, intents, contents, totals: plan.totals }, open, options);
    await new RestoreStore(options.state, options.context.hasher).prune();
    return { ...report, refused: [...plan.refused, ...refused] };
  });
}

export const nothingDone = { failed: [], keptBeside: [], left: [], before: undefined, asides: 'dropped' } as const;

async function planFor(
  options: PlanInPlaceOptions,
  { target, rules }: { readonly target: TargetFolder; readonly rules: TargetRules },
): Promise<RestorePlan> {
  const { reader, context, root, path, deleteOthers, known, signal } = options;
  const located = await locate(reader, root, path);
  if (located.kind === 'root' || located.kind === 'directory') await reader.fetchUnder(located.tree);
  const common = { reader, context, target, rules, signal, ...(known === undefined ? {} : { known }) };
  return await planRestore({ ...common, wanted: root, scope: path, existing: 'replace', deleteOthers });
}

function intentOf(action: RestoreAction): Intent {
  switch (action.kind) {
    case 'put':
      return { kind: 'put', path: action.path, before: action.before, from: undefined };
    case 'delete':
      return { ...action, changed: 'leave' };
    default:
      return action;
  }
}

function contentOf({ entry, only }: Extract<RestoreAction, { kind: 'put' }>): StagedContent {
  return { entry, only };
}
