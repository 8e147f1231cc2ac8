import { mapBounded } from '../../../base/concurrency.ts';
import { isBackupError, messageOf } from '../../../base/errors.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { joinPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { Intent, RestoreJournal } from '../../core/restore/journal.ts';
import { isOwnSiblingName } from '../../core/ignore/ownNames.ts';
import { siblingOf } from '../../core/restore/journal.ts';
import { sameMark } from '../../core/restore/marks.ts';
import { removeTree } from './removeTree.ts';
import type { KeptBeside } from './restoreReport.ts';
import type { DoneRecord, RestoreStore, StagedRecord } from './restoreStore.ts';
import { markOfLocal } from './surveyDirectory.ts';
import { keepBeside, renameSibling, setMeta, swapIntent } from './swapIntent.ts';
import type { SwapParts } from './swapIntent.ts';
import type { LocalFile, TargetFolder } from './targetFolder.ts';
import type { FailedPath } from './writeQueue.ts';

const swapsMax = 8;
const ownerAll = 0o700;

export interface CarryOutParts extends SwapParts {
  readonly store: RestoreStore;
  readonly name: string;
}

export interface CarriedOut {
  readonly done: DoneRecord;
  readonly failed: readonly FailedPath[];
  /** Paths left as they are, because somebody changed them meanwhile. */
  readonly left: readonly BytePath[];
  readonly keptBeside: readonly KeptBeside[];
}

/**
 * Carries out a staged restore, or what is left of it, and records that it is done. What was set aside stays, and
 * directories still have the mode they were opened with: `settle` comes next.
 */
export async function carryOut(staged: StagedRecord, parts: CarryOutParts): Promise<CarriedOut> {
  const { journal, store, name } = parts;
  const skipped = new Set(staged.failed);
  const failed: FailedPath[] = [];
  const left: BytePath[] = [];
  const keptBeside: KeptBeside[] = [];
  const numbered = [...journal.intents.entries()].filter(([n, { kind }]) => !skipped.has(n) && kind !== 'directory');
  await mapBounded(numbered, swapsMax, async ([n, intent]) => {
    const { path } = intent;
    const outcome = await swapIntent(n, intent, parts);
    if (outcome.kind !== 'done') skipped.add(n);
    if (outcome.kind === 'left') left.push(path);
    else if (outcome.kind === 'failed') failed.push(failureOf(path, outcome.error));
    else if (outcome.keptAs !== undefined) keptBeside.push({ path, as: outcome.keptAs });
  });
  await syncParents(parts);
  const done: DoneRecord = { skipped, asides: 'kept', directories: 'pending' };
  await store.done(name, done);
  return { done, failed, left, keptBeside };
}

/**
 * Ends a restore that is carried out. Once the pre-restore snapshot is safe on the server, what was set aside goes;
 * what somebody wrote to meanwhile, through a handle it had open, is kept beside instead. Then directories get their
 * own modes and times, deepest first, as the journal lists them.
 */
export async function settle(
  record: DoneRecord,
  { acknowledged, ...parts }: CarryOutParts & { readonly acknowledged: boolean },
): Promise<{ readonly record: DoneRecord; readonly keptBeside: readonly KeptBeside[] }> {
  const { journal, store, name } = parts;
  const drop = acknowledged && record.asides === 'kept';
  const keptBeside = drop ? await dropAsides(parts) : [];
  if (record.directories === 'pending') {
    for (const [n, intent] of journal.intents.entries()) if (intent.kind === 'directory') await swapIntent(n, intent, parts);
  }
  const settled: DoneRecord = { skipped: record.skipped, asides: drop ? 'dropped' : record.asides, directories: 'set' };
  await store.done(name, settled);
  return { record: settled, keptBeside };
}

async function dropAsides(parts: CarryOutParts): Promise<readonly KeptBeside[]> {
  const { journal, target, signal } = parts;
  const kept: KeptBeside[] = [];
  const numbered = [...journal.intents.entries()].filter(([, { kind }]) => kind === 'put' || kind === 'delete');
  for (const [directory, intents] of Map.groupBy(numbered, ([, { path }]) => parentPath(path))) {
    signal.throwIfAborted();
    await asItWas(directory, target, async () => {
      const siblings = new Map((await target.list(directory, { signal })).filter(({ name }) => isOwnSiblingName(name)).map((each) => [each.name, each]));
      await mapBounded(intents, swapsMax, async ([n, intent]) => {
        const keptAs = await dropOne(n, intent, { siblings, parts });
        if (keptAs !== undefined) kept.push({ path: intent.path, as: keptAs });
      });
    });
  }
  return kept;
}

/** Answers the name under which something is kept that is not what was set aside. */
async function dropOne(
  n: number,
  intent: Intent,
  { siblings, parts }: { readonly siblings: ReadonlyMap<ByteName, LocalFile>; readonly parts: CarryOutParts },
): Promise<BytePath | undefined> {
  if (intent.kind !== 'put' && intent.kind !== 'delete') return undefined;
  const { path, before } = intent;
  const { journal, target } = parts;
  const [tmp, aside] = [siblingOf(journal, n, 'tmp'), siblingOf(journal, n, 'aside')];
  const at = (name: ByteName): BytePath => joinPath(parentPath(path), name);
  if (siblings.has(tmp)) await removeTree(at(tmp), parts);
  const there = siblings.get(aside);
  if (there === undefined) return undefined;
  const mark = await markOfLocal(at(aside), there, parts);
  if (mark === undefined || before === undefined || !sameMark(mark, before)) return await keepBeside(at(aside), path, parts);
  // A folder under another name first: half removed, it would look like something that somebody changed.
  if (there.kind === 'directory') await renameSibling(target, at(aside), at(tmp));
  await removeTree(at(there.kind === 'directory' ? tmp : aside), parts);
  return undefined;
}

/** Lets `work` change what is in a directory, and gives the directory back the mode and time it has. */
async function asItWas(directory: BytePath, target: TargetFolder, work: () => Promise<void>): Promise<void> {
  const was = await target.stat(directory);
  if (was?.kind !== 'directory') return;
  const closed = directory !== rootPath && was.mode !== undefined && (was.mode & ownerAll) !== ownerAll;
  if (closed) await setMeta(target, directory, { mode: (was.mode ?? 0) | ownerAll, mtimeNs: undefined });
  await target.within(directory, work);
  if (directory !== rootPath) await setMeta(target, directory, { mode: closed ? was.mode : undefined, mtimeNs: was.mtimeNs });
}

function failureOf(path: BytePath, error: unknown): FailedPath {
  return { path, code: isBackupError(error) ? error.code : 'invalid', message: messageOf(error) };
}

/** Undoes a restore that was interrupted before everything was staged: nothing but siblings and modes were touched. */
export async function rollBack(parts: CarryOutParts): Promise<void> {
  const { journal, target, store, name } = parts;
  for (const [n, intent] of journal.intents.entries()) {
    if (intent.kind !== 'put' || intent.from !== undefined) continue;
    const directory = parentPath(intent.path);
    if (await target.isDirectory(directory)) await removeTree(joinPath(directory, siblingOf(journal, n, 'tmp')), parts);
  }
  for (const intent of journal.intents) {
    if (intent.kind === 'directory' && (await target.isDirectory(intent.path))) await setMeta(target, intent.path, intent.was);
  }
  await store.remove(name);
}

async function syncParents({ journal, target }: { readonly journal: RestoreJournal } & Pick<CarryOutParts, 'target'>): Promise<void> {
  for (const directory of new Set(journal.intents.map(({ path }) => parentPath(path)))) {
    if (await target.isDirectory(directory)) await target.use(directory, async (_, held) => await held.sync());
  }
}
