import type { TreeId } from '../../../protocol/ids.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { nameOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { RestoreAction, RestorePlan } from '../../core/restore/restorePlan.ts';
import type { TargetRules } from '../../core/restore/targetNames.ts';
import type { AbsolutePath } from '../../ports/files.ts';
import type { SafeFiles } from '../../ports/safeFiles.ts';
import { locate } from '../read/listTree.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import type { OnProgress } from '../reports.ts';
import { planRestore } from './planRestore.ts';
import { ensureFolder, probeTarget, siblingNames } from './prepareTarget.ts';
import { WriteProgress } from './restoreReport.ts';
import type { RestoreReport } from './restoreReport.ts';
import { TargetFolder, unlessAbsent } from './targetFolder.ts';
import { typed } from './typed.ts';
import { WriteQueue } from './writeQueue.ts';
import { fileJob, finishDirectories, makeLink, writeTree } from './writeTree.ts';
import type { MadeDirectory, WriteTreeOptions } from './writeTree.ts';

export interface RestoreIntoOptions {
  readonly reader: ObjectReader;
  readonly context: FormatContext;
  readonly files: SafeFiles;
  readonly root: TreeId;
  /** What of the snapshot: a directory's content goes into the folder, a file goes there under its name. */
  readonly path: BytePath;
  /** The folder to restore to; made when it is not there. */
  readonly folder: AbsolutePath;
  /** Of the platform; whether case counts is tried out. */
  readonly windows: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * What `restoreInto` would do. A folder that is not there is as good as an empty one.
 * `rules` may be given, because a dry run tries nothing out on the disk.
 */
export async function planRestoreInto(options: RestoreIntoOptions, rules: TargetRules): Promise<RestorePlan> {
  const target = new TargetFolder(options.files, options.folder);
  try {
    const there = await unlessAbsent(options.files.lstat(options.folder));
    return await planFor(options, { target, rules, nothingThere: there === undefined });
  } finally {
    await target.close();
  }
}

/**
 * Restores into a folder beside the workspace, or anywhere. What is there already stays: the same is recognised and
 * left, what differs is refused (`exists`). Each file appears under its name when it is complete. Killed at any point,
 * the same call again goes on where it was.
 */
export async function restoreInto(options: RestoreIntoOptions): Promise<RestoreReport> {
  return await typed('The folder could not be restored to', async () => await restoreIntoFolder(options));
}

async function restoreIntoFolder(options: RestoreIntoOptions): Promise<RestoreReport> {
  const { files, folder, context, windows } = options;
  await ensureFolder(files, folder);
  const target = new TargetFolder(files, folder);
  try {
    const newSibling = siblingNames(context.random);
    const { rules, umask } = await probeTarget(target, { windows, name: newSibling() });
    const plan = await planFor(options, { target, rules, nothingThere: false });
    return await apply(plan, { ...options, target, rules, umask, newSibling });
  } finally {
    await target.close();
  }
}

async function planFor(
  { reader, context, root, path, signal }: RestoreIntoOptions,
  { target, rules, nothingThere }: { readonly target: TargetFolder; readonly rules: TargetRules; readonly nothingThere: boolean },
): Promise<RestorePlan> {
  const located = await locate(reader, root, path);
  const wanted = located.kind === 'root' || located.kind === 'directory' ? located.tree : [located];
  await reader.fetchUnder(...(typeof wanted === 'string' ? [wanted] : []));
  const common = { reader, context, target, rules, nothingThere, signal };
  return await planRestore({ ...common, wanted, scope: rootPath, existing: 'keep', deleteOthers: undefined });
}

interface ApplyOptions extends RestoreIntoOptions {
  readonly target: TargetFolder;
  readonly rules: TargetRules;
  readonly umask: number;
  readonly newSibling: () => ByteName;
}

async function apply(plan: RestorePlan, options: ApplyOptions): Promise<RestoreReport> {
  const { reader, target, rules, umask, signal, onProgress, newSibling } = options;
  for (const leftover of plan.leftovers) await removeLeftover(target, leftover);
  const progress = new WriteProgress(plan, onProgress);
  const onFile = (): void => progress.file();
  const onBytes = (bytes: number): void => progress.bytes(bytes);
  const queue = new WriteQueue({ reader, target, durable: true, umask, signal, onFile, onBytes });
  const writing: WriteTreeOptions = { reader, target, queue, rules, scope: rootPath, newSibling, signal };
  const made: MadeDirectory[] = [];
  for (const action of plan.actions) if (action.kind !== 'directory') made.push(...(await put(action, writing)));
  await queue.finish();
  await finishDirectories(made, { target, queue, signal, durable: true });
  for (const action of plan.actions) if (action.kind === 'directory') await setMeta(action, { target, queue });
  await target.use(rootPath, async (_, held) => await held.sync());
  return { totals: plan.totals, refused: plan.refused, failed: queue.failed, keptBeside: [] };
}

async function put(action: RestoreAction, writing: WriteTreeOptions): Promise<readonly MadeDirectory[]> {
  const { target, queue } = writing;
  const { path } = action;
  if (action.kind === 'meta') await setMeta(action, { target, queue });
  if (action.kind !== 'put') return [];
  const { entry } = action;
  if (entry.kind === 'directory') return (await writeTree({ path, entry, as: nameOfPath(path) }, writing)).made;
  if (entry.kind === 'file') await queue.add(fileJob({ at: path, entry, path }, writing));
  else {
    try {
      await target.at(path, async (absolute) => await makeLink(target, absolute, entry));
    } catch (error) {
      queue.fail(path, error);
    }
  }
  return [];
}

async function setMeta(
  { path, set }: Extract<RestoreAction, { kind: 'meta' | 'directory' }>,
  { target, queue }: Pick<WriteTreeOptions, 'target' | 'queue'>,
): Promise<void> {
  try {
    await target.at(path, async (absolute) => {
      if (set.mode !== undefined) await target.files.setMode(absolute, set.mode);
      if (set.mtimeNs !== undefined) await target.files.setModified(absolute, set.mtimeNs);
    });
  } catch (error) {
    queue.fail(path, error);
  }
}

/** A file that an earlier restore into this folder did not complete. */
async function removeLeftover(target: TargetFolder, path: BytePath): Promise<void> {
  const name = nameOfPath(path);
  if (!name.endsWith('.tmp')) return;
  await target.use(parentPath(path), async (directory) => {
    const absolute = target.files.join(directory, name);
    const stat = await unlessAbsent(target.files.lstat(absolute));
    if (stat?.kind === 'file') await unlessAbsent(target.files.removeFile(absolute));
  });
}
