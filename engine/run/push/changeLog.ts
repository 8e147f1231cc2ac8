import { changedPathsMax } from '../../../protocol/limits.ts';
import type { BytePath } from '../../core/byteString.ts';
import type { PathChange } from '../../core/snapshot/pathChange.ts';
import { everythingBelow, planRows } from '../../core/sync/planRows.ts';
import type { EntryChange } from '../../core/sync/planRows.ts';
import { noTotals, summarizeChanges, sumTotals } from '../../core/sync/summarizeChanges.ts';
import type { ChangeSummary } from '../../core/sync/summarizeChanges.ts';

/** What a push found to differ, over all its checkpoints. */
export class ChangeLog {
  readonly #detailed: boolean;
  readonly #changes: EntryChange[] = [];
  #summary: ChangeSummary = { filesNew: 0, filesChanged: 0, filesDeleted: 0, totals: noTotals, more: false, times: false, timeOnly: [] };

  /** Without details only the first changes are kept, for people: there is nothing that they are changes of. */
  constructor({ detailed }: { readonly detailed: boolean }) {
    this.#detailed = detailed;
  }

  get summary(): ChangeSummary {
    return this.#summary;
  }

  /** Answers the summary of these alone. */
  add(changes: readonly EntryChange[]): ChangeSummary {
    const left = this.#detailed ? changes.length : Math.max(0, changedPathsMax - this.#changes.length);
    for (const change of changes.slice(0, left)) this.#changes.push(change);
    const added = summarizeChanges(changes);
    const before = this.#summary;
    this.#summary = {
      filesNew: before.filesNew + added.filesNew,
      filesChanged: before.filesChanged + added.filesChanged,
      filesDeleted: before.filesDeleted + added.filesDeleted,
      totals: sumTotals(before.totals, added.totals),
      more: before.more || added.more,
      times: before.times || added.times,
      timeOnly: [...before.timeOnly, ...added.timeOnly],
    };
    return added;
  }

  /** The rows for the path index, and the same for people as far as it is known. */
  rows(): { readonly rows: readonly PathChange[]; readonly shown: readonly PathChange[] } {
    const shown = planRows(newestOf(this.#changes));
    return { rows: this.#detailed ? shown : everythingBelow, shown };
  }
}

/** A path that changed again after a checkpoint differs from what it was before the push. */
function newestOf(changes: readonly EntryChange[]): readonly EntryChange[] {
  const byPath = new Map<BytePath, EntryChange>();
  for (const change of changes) {
    const first = byPath.get(change.path);
    byPath.set(change.path, first === undefined ? change : { ...change, before: first.before, inodeBefore: first.inodeBefore });
  }
  return [...byPath.values()];
}
