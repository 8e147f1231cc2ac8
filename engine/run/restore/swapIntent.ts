import { BackupError, systemCodeOf } from '../../../base/errors.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { displayName, joinPath, nameOfPath, parentPath } from '../../core/byteString.ts';
import { conflictName } from '../../core/restore/conflictName.ts';
import { siblingOf } from '../../core/restore/journal.ts';
import type { DeleteIntent, Intent, MetaIntent, PutIntent, RestoreJournal } from '../../core/restore/journal.ts';
import type { Mark } from '../../core/restore/marks.ts';
import { sameMark } from '../../core/restore/marks.ts';
import type { Meta } from '../../core/restore/restorePlan.ts';
import { sameTime } from '../../core/diff/compareEntries.ts';
import type { AbsolutePath } from '../../ports/files.ts';
import type { Hasher } from '../../ports/primitives.ts';
import { surveyMark } from './surveyDirectory.ts';
import { unlessAbsent } from './targetFolder.ts';
import type { TargetFolder } from './targetFolder.ts';

export interface SwapParts {
  readonly journal: RestoreJournal;
  readonly target: TargetFolder;
  readonly hasher: Hasher;
  /** The client's clock, ms: goes into the names of what is kept beside. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What became of an intent. `left`: what is there had changed, and was not touched. */
export type SwapOutcome =
  | { readonly kind: 'done' | 'left'; readonly keptAs: BytePath | undefined }
  | { readonly kind: 'failed'; readonly error: unknown };

const attemptsMax = 8;

/**
 * Carries out one intent, whatever part of it has been carried out before: the disk says how far it got. Nothing is
 * ever replaced by a rename: what is in the way goes aside, and what nobody expected there is kept beside.
 */
export async function swapIntent(n: number, intent: Intent, parts: SwapParts): Promise<SwapOutcome> {
  parts.signal.throwIfAborted();
  try {
    return await parts.target.within(parentPath(intent.path), async () => await swap(n, intent, parts));
  } catch (error) {
    parts.signal.throwIfAborted();
    return { kind: 'failed', error };
  }
}

async function swap(n: number, intent: Intent, parts: SwapParts): Promise<SwapOutcome> {
  switch (intent.kind) {
    case 'put':
      return await swapPut(n, intent, parts);
    case 'delete':
      return await swapDelete(n, intent, parts);
    case 'meta':
      return await setMetaIfSame(intent, parts);
    case 'directory':
      return await setDirectoryMeta(intent.path, intent.set, parts);
    default:
      return intent satisfies never;
  }
}

async function swapPut(n: number, intent: PutIntent, parts: SwapParts): Promise<SwapOutcome> {
  const { target, journal } = parts;
  const staged = intent.from ?? siblingOf(journal, n, 'tmp');
  const names = namesFor(intent.path, { staged, aside: siblingOf(journal, n, 'aside') });
  try {
    return await putStaged(names, intent, parts);
  } catch (error) {
    parts.signal.throwIfAborted();
    // The path is never left empty: what was there goes back.
    if ((await target.stat(names.path)) === undefined && (await target.stat(names.aside)) !== undefined) {
      await renamedBack(target, { from: names.aside, to: names.path });
    }
    throw error;
  }
}

async function putStaged(names: SiblingNames, { path, before }: PutIntent, parts: SwapParts): Promise<SwapOutcome> {
  const { target } = parts;
  const staged = await target.stat(names.staged);
  if (staged === undefined) return await settleWithoutStaged(names, parts);
  let now = await target.stat(path);
  if (now !== undefined && staged.kind !== 'directory' && now.inode === staged.inode) {
    // Stopped between giving it its name and taking the old one away.
    await target.at(names.staged, async (absolute) => await target.files.removeFile(absolute));
    return done;
  }
  let keptAs: BytePath | undefined;
  if (now !== undefined && (await target.stat(names.aside)) === undefined) {
    await renameSibling(target, path, names.aside);
    now = undefined;
  }
  const aside = await surveyMark(names.aside, parts);
  const foreign = aside === undefined ? (await target.stat(names.aside)) !== undefined : before === undefined || !sameMark(aside, before);
  if (foreign) keptAs = await keepBeside(names.aside, path, parts);
  for (let attempt = 1; ; attempt++) {
    if (now !== undefined) keptAs = await keepBeside(path, path, parts);
    try {
      await target.use(parentPath(path), async (directory) => await renameNewIn(target, directory, { from: names.staged, to: path }));
      return { kind: 'done', keptAs };
    } catch (error) {
      if (!isTaken(error) || attempt === attemptsMax) throw error;
      now = await target.stat(path);
    }
  }
}

/** Nothing is staged: it was put before, or what was staged is gone. */
async function settleWithoutStaged(names: SiblingNames, { target }: SwapParts): Promise<SwapOutcome> {
  if ((await target.stat(names.path)) !== undefined) return done;
  throw new BackupError('not-found', `What was staged for ${displayName(names.path)} is gone.`);
}

async function swapDelete(n: number, { path, before, changed }: DeleteIntent, parts: SwapParts): Promise<SwapOutcome> {
  const { target, journal } = parts;
  const aside = joinPath(parentPath(path), siblingOf(journal, n, 'aside'));
  if ((await target.stat(aside)) === undefined) {
    const now = await surveyMark(path, parts);
    if (now === undefined) return (await target.stat(path)) === undefined ? done : left;
    if (!sameMark(now, before)) {
      return changed === 'leave' ? left : { kind: 'done', keptAs: await keepBeside(path, path, parts) };
    }
    await renameSibling(target, path, aside);
  }
  const moved = await surveyMark(aside, parts);
  if (moved !== undefined && sameMark(moved, before)) return done;
  // It changed between the look and the rename.
  if (changed === 'leave' && (await renamedBack(target, { from: aside, to: path }))) return left;
  return { kind: 'done', keptAs: await keepBeside(aside, path, parts) };
}

async function setMetaIfSame({ path, before, set }: MetaIntent, { target }: SwapParts): Promise<SwapOutcome> {
  const now = await target.mark(path);
  if (now === undefined || !isOneOf(now, before, set)) return left;
  await setMeta(target, path, set);
  return done;
}

/** Whether it is what it was, or what this very intent makes of it. */
function isOneOf(now: Mark, before: Mark, set: Meta): boolean {
  if (now.kind !== 'file' || before.kind !== 'file') return sameMark(now, before);
  const timeIsOurs = set.mtimeNs !== undefined && sameTime(now.mtimeNs, set.mtimeNs);
  const modeIsOurs = set.mode !== undefined && now.mode === set.mode;
  return sameMark({ ...now, mtimeNs: timeIsOurs ? before.mtimeNs : now.mtimeNs, mode: modeIsOurs ? before.mode : now.mode }, before);
}

async function setDirectoryMeta(path: BytePath, set: Meta, { target }: SwapParts): Promise<SwapOutcome> {
  const stat = await target.stat(path);
  if (stat?.kind !== 'directory') return left;
  await setMeta(target, path, set);
  return done;
}

export async function setMeta(target: TargetFolder, path: BytePath, { mode, mtimeNs }: Meta): Promise<void> {
  await target.at(path, async (absolute) => {
    if (mode !== undefined) await target.files.setMode(absolute, mode);
    if (mtimeNs !== undefined) await target.files.setModified(absolute, mtimeNs);
  });
}

/** Gives something a name of its own beside `path`, under which it is kept for good. */
export async function keepBeside(from: BytePath, path: BytePath, { target, now }: Pick<SwapParts, 'target' | 'now'>): Promise<BytePath> {
  for (let attempt = 1; ; attempt++) {
    const as = joinPath(parentPath(path), conflictName(nameOfPath(path), { now, attempt }));
    try {
      if ((await target.stat(as)) === undefined) {
        await renameNew(target, from, as);
        return as;
      }
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
    if (attempt === 1_000) throw new BackupError('limit', `There is no name left to keep ${displayName(path)} beside.`);
  }
}

interface SiblingNames {
  readonly path: BytePath;
  readonly staged: BytePath;
  readonly aside: BytePath;
}

function namesFor(path: BytePath, { staged, aside }: { readonly staged: ByteName; readonly aside: ByteName }): SiblingNames {
  const directory = parentPath(path);
  return { path, staged: joinPath(directory, staged), aside: joinPath(directory, aside) };
}

const done: SwapOutcome = { kind: 'done', keptAs: undefined };
const left: SwapOutcome = { kind: 'left', keptAs: undefined };

/** To a name that only this restore uses. Both lie in the same directory. */
export async function renameSibling(target: TargetFolder, from: BytePath, to: BytePath): Promise<void> {
  await target.use(parentPath(from), async (directory) => {
    await unlessAbsent(target.files.rename(target.files.join(directory, nameOfPath(from)), target.files.join(directory, nameOfPath(to))));
  });
}

async function renameNew(target: TargetFolder, from: BytePath, to: BytePath): Promise<void> {
  await target.use(parentPath(from), async (directory) => await renameNewIn(target, directory, { from, to }));
}

async function renameNewIn(
  target: TargetFolder,
  directory: AbsolutePath,
  { from, to }: { readonly from: BytePath; readonly to: BytePath },
): Promise<void> {
  await target.files.renameNew(target.files.join(directory, nameOfPath(from)), target.files.join(directory, nameOfPath(to)));
}

async function renamedBack(target: TargetFolder, { from, to }: { readonly from: BytePath; readonly to: BytePath }): Promise<boolean> {
  try {
    await renameNew(target, from, to);
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}

function isTaken(error: unknown): boolean {
  return ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR'].includes(systemCodeOf(error) ?? '');
}
