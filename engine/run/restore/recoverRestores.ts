import { isBackupError } from '../../../base/errors.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { rootPath } from '../../core/byteString.ts';
import type { RestoreJournal } from '../../core/restore/journal.ts';
import { carryOut, rollBack, settle } from './carryOut.ts';
import type { CarryOutParts } from './carryOut.ts';
import type { InPlaceOptions } from './inPlace.ts';
import { typed } from './typed.ts';
import { probeName } from './prepareTarget.ts';
import type { KeptBeside } from './restoreReport.ts';
import { RestoreStore } from './restoreStore.ts';
import type { DoneRecord, StoredRestore } from './restoreStore.ts';
import { TargetFolder, unlessAbsent } from './targetFolder.ts';

export interface RecoverOptions extends Pick<InPlaceOptions, 'files' | 'folder' | 'state' | 'clock' | 'signal'> {
  readonly context: Pick<InPlaceOptions['context'], 'hasher'>;
  /** Whether the server has a snapshot now. Asked only for those whose asides are still there. */
  readonly acknowledged: (snapshot: SnapshotId) => Promise<boolean>;
}

/** What was found of restores that did not come to their end. */
export interface Recovered {
  /** Interrupted while it was staged: nothing had been touched; what was staged is gone. */
  readonly undone: number;
  /** Interrupted after that: carried out to the end. */
  readonly finished: number;
  /** Journals that cannot be read, and so tell nothing: left as they are. */
  readonly unreadable: number;
  readonly keptBeside: readonly KeptBeside[];
}

/**
 * Brings every interrupted in-place restore of a folder to an end, at each start and before each restore: one whose
 * content was not completely staged is undone, any other finished. Needs no server. Where the pre-restore snapshot
 * has arrived on the server by now, what was set aside is taken away; else it stays, for `undoRestore`.
 */
export async function recoverRestores(options: RecoverOptions): Promise<Recovered> {
  return await typed('An interrupted restore could not be brought to its end', async () => await recover(options));
}

async function recover(options: RecoverOptions): Promise<Recovered> {
  const { files, folder, state, context, clock, signal } = options;
  const store = new RestoreStore(state, context.hasher);
  // Newest first: an undo may still need what the restore before it has set aside.
  const stored = (await store.list()).toReversed();
  const result = { undone: 0, finished: 0, unreadable: 0, keptBeside: [] as KeptBeside[] };
  const target = new TargetFolder(files, folder);
  try {
    // A folder that is gone has nothing to be recovered; whoever needs it will say so.
    if (!(await target.isDirectory(rootPath))) return result;
    await target.use(rootPath, async (directory) => await unlessAbsent(files.removeFile(files.join(directory, probeName))));
    for (const restore of stored) {
      const journal = await readJournal(restore, store);
      if (journal === 'over') continue;
      if (journal?.root !== folder) {
        result.unreadable += 1;
        continue;
      }
      await recoverOne(restore, { journal, target, hasher: context.hasher, now: clock.now(), signal, store, name: restore.name }, { options, result });
    }
  } finally {
    await target.close();
  }
  return result;
}

/** Undefined for one that a disk has damaged: no damage to a journal may keep a folder from being backed up. */
async function readJournal({ name, phase }: StoredRestore, store: RestoreStore): Promise<RestoreJournal | 'over' | undefined> {
  try {
    if (phase === 'done' && (await store.isOver(name))) return 'over';
    return await store.read(name);
  } catch (error) {
    if (isBackupError(error, 'corrupt') || isBackupError(error, 'invalid')) return undefined;
    throw error;
  }
}

async function recoverOne(
  { name, phase }: StoredRestore,
  parts: CarryOutParts,
  { options, result }: { readonly options: RecoverOptions; readonly result: { undone: number; finished: number; keptBeside: KeptBeside[] } },
): Promise<void> {
  const { store } = parts;
  if (phase === 'planned') {
    await rollBack(parts);
    result.undone += 1;
    return;
  }
  let done: DoneRecord;
  if (phase === 'staged') {
    const carried = await carryOut(await store.readStaged(name), parts);
    result.keptBeside.push(...carried.keptBeside);
    result.finished += 1;
    ({ done } = carried);
  } else done = await store.readDone(name);
  const acknowledged = done.asides === 'kept' && (await options.acknowledged(parts.journal.before));
  if (acknowledged || done.directories === 'pending') result.keptBeside.push(...(await settle(done, { ...parts, acknowledged })).keptBeside);
}
