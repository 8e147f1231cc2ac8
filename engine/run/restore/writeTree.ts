import type { ByteName, BytePath } from '../../core/byteString.ts';
import { joinPath, nameOfPath, parentPath } from '../../core/byteString.ts';
import type { RefusedPath } from '../../core/restore/restorePlan.ts';
import type { TargetRules } from '../../core/restore/targetNames.ts';
import type { DirectoryEntry, FileEntry, SymlinkEntry } from '../../core/tree/treeTypes.ts';
import type { AbsolutePath } from '../../ports/files.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import type { TargetFolder } from './targetFolder.ts';
import { walkWanted } from './wanted.ts';
import type { WriteJob, WriteQueue } from './writeQueue.ts';

export interface WriteTreeOptions {
  readonly reader: ObjectReader;
  readonly target: TargetFolder;
  readonly queue: WriteQueue;
  readonly rules: TargetRules;
  readonly scope: BytePath;
  /** Names for files that are renamed once they are complete; undefined when the whole directory will be. */
  readonly newSibling: (() => ByteName) | undefined;
  readonly signal: AbortSignal;
}

/** A directory that was made and still has the mode it was made with. */
export interface MadeDirectory {
  /** Where it is now, and what it will be called. */
  readonly at: BytePath;
  readonly path: BytePath;
  readonly entry: DirectoryEntry;
}

/** Only the owner, until everything is in it. */
const modeWhileWritten = 0o700;

/**
 * Makes a stored directory, with all that is in it, under the name `as`, which nothing has yet. Files go to the
 * queue; modes and times of directories are for `finishDirectories` once the queue is done.
 */
export async function writeTree(
  { path, entry, as }: { readonly path: BytePath; readonly entry: DirectoryEntry; readonly as: ByteName },
  options: WriteTreeOptions,
): Promise<{ readonly made: readonly MadeDirectory[]; readonly refused: readonly RefusedPath[] }> {
  const { reader, target, queue, rules, scope, signal } = options;
  const root = joinPath(parentPath(path), as);
  const made: MadeDirectory[] = [];
  const refused: RefusedPath[] = [];
  const lost = new Set<BytePath>();
  for await (const wanted of walkWanted(reader, { path, entry, scope, rules })) {
    signal.throwIfAborted();
    const at = `${root}${wanted.path.slice(path.length)}` as BytePath;
    if (wanted.refused !== undefined) refused.push({ path: wanted.path, reason: wanted.refused });
    if (wanted.refused !== undefined || lost.has(parentPath(at))) {
      lost.add(at);
    } else if (wanted.entry.kind === 'file') {
      await queue.add(fileJob({ at, entry: wanted.entry, path: wanted.path }, options));
    } else {
      try {
        await makeOther(target, at, wanted.entry);
        if (wanted.entry.kind === 'directory') made.push({ at, path: wanted.path, entry: wanted.entry });
      } catch (error) {
        lost.add(at);
        queue.fail(wanted.path, error);
      }
    }
  }
  return { made, refused };
}

/** The job of writing a file at `at`, under a sibling's name first when there is one to have. */
export function fileJob(
  { at, entry, path }: { readonly at: BytePath; readonly entry: FileEntry; readonly path: BytePath },
  { target: { files }, newSibling }: Pick<WriteTreeOptions, 'target' | 'newSibling'>,
): WriteJob {
  const directory = parentPath(at);
  const name = nameOfPath(at);
  const sibling = newSibling?.();
  if (sibling === undefined) return { directory, name, entry, path };
  const finish = async (held: AbsolutePath): Promise<void> => await files.renameNew(files.join(held, sibling), files.join(held, name));
  return { directory, name: sibling, entry, path, finish };
}

async function makeOther(target: TargetFolder, path: BytePath, entry: DirectoryEntry | SymlinkEntry): Promise<void> {
  await target.at(path, async (absolute) => {
    if (entry.kind === 'directory') await target.files.makeDirectory(absolute, modeWhileWritten);
    else await makeLink(target, absolute, entry);
  });
}

/** A link as it was stored, wherever it leads; it is never followed. */
export async function makeLink(target: TargetFolder, absolute: AbsolutePath, { target: leadsTo, mtimeNs }: SymlinkEntry): Promise<void> {
  await target.files.makeSymlink(absolute, leadsTo);
  await target.files.setModified(absolute, mtimeNs);
}

/** Sets modes and times, deepest first: what is done in a directory changes its time, and a read-only one takes nothing. */
export async function finishDirectories(
  made: readonly MadeDirectory[],
  { target, queue, durable, signal }: Pick<WriteTreeOptions, 'target' | 'queue' | 'signal'> & { readonly durable: boolean },
): Promise<void> {
  for (const { at, path, entry } of made.toReversed()) {
    signal.throwIfAborted();
    try {
      if (durable) await target.use(at, async (_, held) => await held.sync());
      await target.at(at, async (absolute) => {
        if (entry.mode !== undefined) await target.files.setMode(absolute, entry.mode);
        await target.files.setModified(absolute, entry.mtimeNs);
      });
    } catch (error) {
      queue.fail(path, error);
    }
  }
}
