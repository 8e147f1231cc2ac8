import type { Trigger } from '../snapshot/snapshotTypes.ts';
import type { ChangeSummary } from './summarizeChanges.ts';

/** Triggers that come by themselves and often: for them a change of times alone makes no snapshot. */
const quietTriggers: ReadonlySet<Trigger> = new Set(['save', 'watch', 'scan', 'burst']);

export interface CommitQuestion {
  readonly trigger: Trigger;
  /** The lane's newest state holds the same tree, and is no checkpoint. */
  readonly sameAsTip: boolean;
  /** The changes are those since the lane's newest state, so that they can tell what kind of changes there are. */
  readonly sinceTip: boolean;
  readonly summary: Pick<ChangeSummary, 'more' | 'times'>;
}

/**
 * Whether what was captured becomes a snapshot. Times of directories alone never do, those of files only when
 * somebody asked for a backup; they ride along with the next one.
 */
export function planCommit({ trigger, sameAsTip, sinceTip, summary }: CommitQuestion): boolean {
  if (sameAsTip) return false;
  if (!sinceTip || summary.more) return true;
  return summary.times && !quietTriggers.has(trigger);
}
