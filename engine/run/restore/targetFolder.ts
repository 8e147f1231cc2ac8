import { BackupError, isBackupError, messageOf, systemCodeOf } from '../../../base/errors.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { displayName, nameOfPath, namesOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { LocalEntry } from '../../core/restore/planDirectory.ts';
import type { FileMark, LinkMark } from '../../core/restore/marks.ts';
import type { AbsolutePath, FileStat, ListedName } from '../../ports/files.ts';
import type { HeldDirectory, SafeFiles } from '../../ports/safeFiles.ts';

/** Directories kept open although nobody uses them now: neighbours of the next one. */
const idleMax = 96;

interface Holding {
  readonly held: HeldDirectory;
  readonly inode: bigint;
  users: number;
  /** The name leads elsewhere now: closed as soon as nobody uses it. */
  stale: boolean;
  closed: boolean;
}

/**
 * The folder that is restored to, reached so that nothing lands outside it: every directory on the way is opened from
 * its parent without following links, and what is done in it is done through that handle. A directory exchanged for
 * a link meanwhile is an error, not a way out. Where the platform has no such handles every step of the way is looked
 * at again right before each use; what is exchanged after that look is not noticed (docs/threat-model.md).
 */
export class TargetFolder {
  readonly files: SafeFiles;
  readonly root: AbsolutePath;
  readonly #opening = new Map<BytePath, Promise<Holding>>();
  readonly #opened = new Map<BytePath, Holding>();

  constructor(files: SafeFiles, root: AbsolutePath) {
    this.files = files;
    // A person may name the target by a link: only what is under it must not lead elsewhere.
    this.root = files.join(root, '.' as ByteName);
  }

  /** Runs `work` with a directory of the target. Errors: `conflict` when it is not one (any more). */
  async use<T>(directory: BytePath, work: (path: AbsolutePath, held: HeldDirectory) => Promise<T>): Promise<T> {
    const holding = await this.#enter(directory);
    try {
      return await work(holding.held.path, holding.held);
    } finally {
      await this.#leave(holding);
    }
  }

  /** Keeps a directory open while `work` does many things in it; where there is none, just runs it. */
  async within<T>(directory: BytePath, work: () => Promise<T>): Promise<T> {
    let holding: Holding | undefined;
    try {
      holding = await this.#enter(directory);
    } catch (error) {
      if (!isBackupError(error)) throw error;
    }
    try {
      return await work();
    } finally {
      if (holding !== undefined) await this.#leave(holding);
    }
  }

  /** Runs `work` with the path of one name, through the directory that holds it. */
  async at<T>(path: BytePath, work: (absolute: AbsolutePath) => Promise<T>): Promise<T> {
    return await this.use(parentPath(path), async (directory) => await work(this.files.join(directory, nameOfPath(path))));
  }

  /** Undefined when nothing is there, or nothing that can be reached without following a link. */
  async stat(path: BytePath): Promise<FileStat | undefined> {
    return await unlessOutOfReach(
      path === rootPath
        ? this.use(path, async (_, held) => await held.stat())
        : this.at(path, async (absolute) => await unlessAbsent(this.files.lstat(absolute))),
    );
  }

  async isDirectory(path: BytePath): Promise<boolean> {
    return (await this.stat(path))?.kind === 'directory';
  }

  /** The names of a directory with what is there; `unreadable` where that cannot be looked at. */
  async list(directory: BytePath, { signal }: { readonly signal: AbortSignal }): Promise<readonly LocalFile[]> {
    return await this.use(directory, async (path) => {
      const listed = await this.files.listWithStats(path, { marker: undefined, signal });
      return listed.map(localFileOf);
    });
  }

  /** What a file or link is now; undefined for nothing, and for other kinds. */
  async mark(path: BytePath): Promise<FileMark | LinkMark | undefined> {
    return await unlessOutOfReach(this.at(path, async (absolute) => await markAt(this.files, absolute)));
  }

  async close(): Promise<void> {
    for (const [path, holding] of this.#opened) await this.#close(path, holding);
  }

  /** The directory, with one more user: from the nearest directory above that is open, each from its parent. */
  async #enter(directory: BytePath): Promise<Holding> {
    const missing: BytePath[] = [];
    let holding: Holding | undefined;
    for (let at = directory; ; at = parentPath(at)) {
      holding = await this.#enterOpened(at);
      if (holding !== undefined) break;
      missing.push(at);
      if (at === rootPath) break;
    }
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) {
      const above: Holding | undefined = holding;
      try {
        holding = await this.#open(next, above);
      } finally {
        if (above !== undefined) await this.#leave(above);
      }
    }
    if (holding === undefined) throw new Error('Broken invariant: a directory was neither open nor opened.');
    return holding;
  }

  async #enterOpened(directory: BytePath): Promise<Holding | undefined> {
    const holding = this.#opened.get(directory);
    if (holding === undefined) return undefined;
    holding.users += 1;
    // While somebody is at work in it, it has just been looked at; and a handle cannot be led astray.
    if ((holding.held.steady && holding.users > 1) || (await this.#isStill(directory, holding))) return holding;
    if (this.#opened.get(directory) === holding) this.#opened.delete(directory);
    await this.#retire(holding);
    await this.#leave(holding);
    return undefined;
  }

  /** Two who ask at once share one handle. */
  async #open(directory: BytePath, above: Holding | undefined): Promise<Holding> {
    for (;;) {
      const underWay = this.#opening.get(directory);
      if (underWay === undefined) break;
      const shared = await underWay;
      if (shared.closed || shared.stale) continue;
      shared.users += 1;
      return shared;
    }
    const opening = this.#hold(directory, above);
    this.#opening.set(directory, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(directory);
    }
  }

  async #hold(directory: BytePath, above: Holding | undefined): Promise<Holding> {
    const path = above === undefined ? this.root : this.files.join(above.held.path, nameOfPath(directory));
    let held: HeldDirectory;
    try {
      held = await this.files.hold(path);
    } catch (cause) {
      throw notADirectory(directory, cause);
    }
    const holding = { held, inode: held.inode, users: 1, stale: false, closed: false };
    const other = this.#opened.get(directory);
    this.#opened.set(directory, holding);
    if (other !== undefined) await this.#retire(other);
    return holding;
  }

  /** Whether the name still leads to what is held. Asked by the plain path: at worst a good handle is opened again. */
  async #isStill(directory: BytePath, { held, inode }: Holding): Promise<boolean> {
    try {
      const stat = await this.files.lstat(this.files.join(this.root, ...namesOfPath(directory)));
      if (stat.kind !== 'directory' || stat.inode !== inode) return false;
      return held.steady || (await this.#allDirectories(directory));
    } catch (error) {
      // Too long a path to be looked at by name; the handle itself is as good as it was.
      return held.steady && systemCodeOf(error) === 'ENAMETOOLONG';
    }
  }

  async #allDirectories(directory: BytePath): Promise<boolean> {
    for (let at = directory; at !== rootPath; at = parentPath(at)) {
      if ((await this.files.lstat(this.files.join(this.root, ...namesOfPath(at)))).kind !== 'directory') return false;
    }
    return true;
  }

  async #retire(holding: Holding): Promise<void> {
    holding.stale = true;
    if (holding.users > 0 || holding.closed) return;
    holding.closed = true;
    await holding.held.close();
  }

  async #leave(holding: Holding): Promise<void> {
    holding.users -= 1;
    if (holding.stale) await this.#retire(holding);
    if (this.#opened.size <= idleMax) return;
    for (const [path, idle] of this.#opened) {
      if (idle.users > 0) continue;
      await this.#close(path, idle);
      if (this.#opened.size <= idleMax) return;
    }
  }

  async #close(path: BytePath, holding: Holding): Promise<void> {
    if (this.#opened.get(path) === holding) this.#opened.delete(path);
    if (holding.closed) return;
    holding.closed = true;
    await holding.held.close();
  }
}

/** A local entry together with what the disk says of it. */
export interface LocalFile extends LocalEntry {
  readonly stat: FileStat | undefined;
}

export async function markAt(files: SafeFiles, absolute: AbsolutePath): Promise<FileMark | LinkMark | undefined> {
  const stat = await unlessAbsent(files.lstat(absolute));
  if (stat?.kind === 'symlink') return { kind: 'symlink', inode: stat.inode, target: await files.readLink(absolute) };
  return stat?.kind === 'file' ? fileMark(stat) : undefined;
}

export function fileMark({ mode, size, mtimeNs, inode }: FileStat): FileMark {
  return { kind: 'file', mode, size, mtimeNs, inode };
}

/** The answer, or undefined when there is nothing by that name. */
export async function unlessAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** A directory above is gone, or is none any more. */
async function unlessOutOfReach<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isBackupError(error, 'not-found') || isBackupError(error, 'conflict')) return undefined;
    throw error;
  }
}

function localFileOf(listed: ListedName): LocalFile {
  const { name, stat } = listed;
  if (stat === undefined) return { name, kind: 'unreadable', mode: undefined, size: 0, mtimeNs: 0n, target: undefined, stat };
  return { name, kind: stat.kind, mode: stat.mode, size: stat.size, mtimeNs: stat.mtimeNs, target: listed.target, stat };
}

function notADirectory(directory: BytePath, cause: unknown): BackupError {
  const code = systemCodeOf(cause) ?? '';
  const what = directory === rootPath ? 'The folder to restore to' : displayName(directory);
  if (code === 'ENOENT') return new BackupError('not-found', `${what} is not there.`, { code }, { cause });
  if (code === 'ELOOP' || code === 'ENOTDIR') {
    return new BackupError('conflict', `${what} is not a directory: nothing is written through a link.`, { code }, { cause });
  }
  return new BackupError('invalid', `${what} cannot be opened: ${messageOf(cause)}`, { code }, { cause });
}
