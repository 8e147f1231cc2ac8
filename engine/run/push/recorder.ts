import type { Trigger } from '../../core/snapshot/snapshotTypes.ts';
import { planCommit } from '../../core/sync/planCommit.ts';
import { sumTotals } from '../../core/sync/summarizeChanges.ts';
import type { ChangeSummary } from '../../core/sync/summarizeChanges.ts';
import type { IndexUpdate } from '../index/indexTypes.ts';
import { outboxItemsMax } from '../outbox/outbox.ts';
import { putPack } from '../outbox/putPack.ts';
import { foldWhenFull } from '../outbox/rewriteChain.ts';
import { treeNodes } from './askIndex.ts';
import type { CapturedChanges } from './capture.ts';
import { trusting } from './captureTypes.ts';
import type { CaptureProgress, Distrust } from './captureTypes.ts';
import type { ChangeLog } from './changeLog.ts';
import { expandUpdate } from './expandUpdate.ts';
import type { FolderState } from './folderState.ts';
import { readGitHead } from './gitHead.ts';
import { changedPaths, makeSnapshot } from './makeSnapshot.ts';
import type { PackStream } from './packStream.ts';

export interface RecorderParts {
  readonly state: FolderState;
  readonly log: ChangeLog;
  readonly progress: CaptureProgress;
  readonly trigger: Trigger;
  readonly message: string | undefined;
  /** Whether the changes in the log are those since the lane's newest state, and that is a complete one. */
  readonly sinceTip: boolean;
  readonly signal: AbortSignal;
}

/** Makes snapshots of what was captured: first durable in the outbox, then the state of the index. */
export class Recorder {
  readonly #parts: RecorderParts;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** What the changes come to, for a dry run. Nothing is changed. */
  preview(captured: CapturedChanges): void {
    this.#plan(captured);
  }

  /** The state as it is now; answers whether there is a new snapshot of it. */
  async record(captured: CapturedChanges, { stream, distrust }: { readonly stream: PackStream; readonly distrust: Distrust }): Promise<boolean> {
    const { state, log, trigger, sinceTip } = this.#parts;
    const { update, summary } = this.#plan(captured);
    const { tip } = state.outbox;
    const sameAsTip = tip !== undefined && !tip.partial && tip.root === update.root;
    if (distrust !== trusting) for (const node of treeNodes(state.index, (id) => distrust.resend(id))) await stream.add(node, { sensitive: false });
    // After a checkpoint of this push something has to say that the state is whole.
    const comparable = sinceTip && tip?.partial === false;
    if (!planCommit({ trigger, sameAsTip, sinceTip: comparable, summary: log.summary })) {
      await this.#keepMarks(captured, stream);
      return false;
    }
    await this.#store(update, { stream, summary, partial: false });
    return true;
  }

  /** A snapshot of what was captured so far over what was known before. */
  async checkpoint(captured: CapturedChanges, { stream }: { readonly stream: PackStream }): Promise<void> {
    const { state } = this.#parts;
    const { tip } = state.outbox;
    const { update, summary } = this.#plan(captured);
    if (update.root === tip?.root) await state.adopt(update, { snapshot: tip.id, totals: summary.totals });
    else await this.#store(update, { stream, summary, partial: true });
  }

  #plan({ changes, lists, inodes }: CapturedChanges): { readonly update: IndexUpdate; readonly summary: ChangeSummary } {
    const { index } = this.#parts.state;
    const update = index.plan(changes, lists);
    return { update, summary: this.#parts.log.add([...expandUpdate(index, update, inodes)]) };
  }

  async #store(update: IndexUpdate, { stream, summary, partial }: { readonly stream: PackStream; readonly summary: ChangeSummary; readonly partial: boolean }): Promise<void> {
    const { state, signal } = this.#parts;
    const { outbox, lane, parts } = state;
    for (const object of update.objects) await stream.add(object, { sensitive: false });
    const pack = await stream.finish();
    const git = await readGitHead(parts.files, parts.root);
    signal.throwIfAborted();
    const totals = sumTotals(state.totals, summary.totals);
    const { place } = lane;
    const item = makeSnapshot({ ...this.#content({ totals, partial }, git), place, root: update.root, pack }, parts.context);
    await outbox.append(item);
    await state.adopt(update, { snapshot: item.record.id, totals: summary.totals });
    await foldWhenFull(outbox, outboxItemsMax, { place: lane.waitingPlace, context: parts.context });
  }

  #content(
    { totals, partial }: { readonly totals: ChangeSummary['totals']; readonly partial: boolean },
    git: Awaited<ReturnType<typeof readGitHead>>,
  ): Pick<Parameters<typeof makeSnapshot>[0], 'trigger' | 'partial' | 'time' | 'rows' | 'details'> {
    const { state, log, trigger, message, progress } = this.#parts;
    const { host, folder, clock } = state.parts;
    const { rows, shown } = log.rows();
    const { filesNew, filesChanged, filesDeleted } = log.summary;
    // Those of a checkpoint are with what it looked at so far.
    const warnings = partial ? progress.warnings : state.warnings.all;
    return {
      trigger: partial ? 'checkpoint' : trigger,
      partial,
      time: clock.now(),
      rows,
      details: {
        message: partial ? undefined : message,
        host,
        folder,
        counts: { ...totals, filesNew, filesChanged, filesDeleted },
        warnings,
        warningsTotal: Math.max(warnings.length, progress.warningsTotal),
        changed: changedPaths(shown),
        git,
      },
    };
  }

  /** No snapshot: what was read and found unchanged need not be read again, and what the server lacked is sent. */
  async #keepMarks({ changes, lists }: CapturedChanges, stream: PackStream): Promise<void> {
    const { state, signal } = this.#parts;
    const pack = await stream.finish();
    const { parts, link, limit } = state;
    if (pack !== undefined) await putPack(pack, { repository: parts.repository, context: parts.context, link, limit, signal });
    const marks = new Map([...changes].filter(([, change]) => change.kind === 'mark'));
    if (marks.size === 0) return;
    const update = state.index.plan(marks, lists);
    await state.adopt(update, { snapshot: state.outbox.tip?.id, totals: { files: 0, directories: 0, symlinks: 0, bytes: 0 } });
  }
}
