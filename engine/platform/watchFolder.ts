import watcher from '@parcel/watcher';
import { lstat, readdir } from 'node:fs/promises';
import { BackupError, messageOf } from '../../base/errors.ts';
import { type BytePath, nameOfPath, parentPath, rootPath } from '../core/byteString.ts';
import { isOwnSiblingName } from '../core/ignore/ownNames.ts';
import type { AbsolutePath } from '../ports/files.ts';
import { nativePath, textOfPath } from './nativePath.ts';
import { unwatchableUnder } from './unwatchable.ts';
import { wtf8FromText } from './wtf8.ts';

/** Dirty paths, each with all that is under it; or: anything may have changed, look at everything. */
export type FolderEvent =
  | { readonly kind: 'dirty'; readonly paths: ReadonlySet<BytePath> }
  | { readonly kind: 'rescan'; readonly reason: string };

export interface FolderWatcher {
  /** No event comes after it. */
  close(): Promise<void>;
}

export interface WatchFolderOptions {
  /** The folder's real path. */
  readonly root: AbsolutePath;
  /** Directories that are left out of backups: watching them would only cost. Hints; the rules decide. */
  readonly ignore?: Iterable<BytePath>;
  readonly onEvent: (event: FolderEvent) => void;
}

/**
 * More paths than this in one batch: the system's queue may have run over, which the package does not report on Linux,
 * and a scan costs no more than looking at each.
 */
const batchPathsMax = 2_000;
/** Directories that came with something in them are watched by a subscription each, up to so many. */
const subscriptionsMax = 500;
const subscribeAttemptsMax = 4;
const linux = process.platform === 'linux';
const replacementCharacter = '\ufffd';

/**
 * Watches a folder with the system's own means, through @parcel/watcher. Events are hints: the scan is the truth.
 * Errors: `unavailable` when the system cannot watch it (too many directories, say); then only scans see changes.
 */
export async function watchFolder(options: WatchFolderOptions): Promise<FolderWatcher> {
  const watch = new Watch(options);
  await watch.open();
  return watch;
}

class Watch implements FolderWatcher {
  readonly #root: string;
  readonly #rootPath: AbsolutePath;
  readonly #ignore: readonly string[];
  readonly #onEvent: (event: FolderEvent) => void;
  /** By the directory they watch, the root first. */
  readonly #subscriptions = new Map<string, watcher.AsyncSubscription>();
  /** Batches are worked off one after the other. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor({ root, ignore = [], onEvent }: WatchFolderOptions) {
    this.#root = textOfPath(root);
    this.#rootPath = root;
    this.#ignore = Array.from(ignore, (path) => textOfPath(`${root}/${path}` as AbsolutePath));
    this.#onEvent = onEvent;
  }

  async open(): Promise<void> {
    let ignore = this.#ignore;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#subscribe(this.#root, ignore);
        return;
      } catch (cause) {
        if (attempt >= subscribeAttemptsMax) throw new BackupError('unavailable', `The folder cannot be watched: ${messageOf(cause)}.`, {}, { cause });
        // The package gives up on a single directory that it may not read, or that goes away while it looks.
        ignore = [...this.#ignore, ...(await unwatchableUnder(this.#rootPath)).map(textOfPath)];
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#work;
    for (const directory of this.#subscriptions.keys()) await this.#unsubscribe(directory);
  }

  async #subscribe(directory: string, ignore: readonly string[]): Promise<void> {
    const backend = backendOf(process.platform);
    const onEvents: watcher.SubscribeCallback = (error, events) => this.#receive(error, events);
    const options = { ignore: [...ignore], ...(backend === undefined ? {} : { backend }) };
    this.#subscriptions.set(directory, await watcher.subscribe(directory, onEvents, options));
  }

  async #unsubscribe(directory: string): Promise<void> {
    const subscription = this.#subscriptions.get(directory);
    this.#subscriptions.delete(directory);
    try {
      await subscription?.unsubscribe();
    } catch {
      // It was removed from disk: the system dropped the watch before we could.
    }
  }

  #receive(error: Error | null, events: readonly watcher.Event[]): void {
    this.#work = this.#work.then(async () => {
      if (this.#closed) return;
      if (error !== null) this.#rescan(`The watcher says: ${messageOf(error)}`);
      else if (events.length > batchPathsMax) this.#rescan('Very much changed at once');
      else await this.#take(events);
    });
  }

  async #take(events: readonly watcher.Event[]): Promise<void> {
    const paths = new Set<BytePath>();
    let missed = false;
    for (const { type, path } of events) {
      if (linux && !(await this.#followDirectory(type, path))) missed = true;
      const dirty = this.#dirtyPath(path);
      if (dirty === undefined) missed = true;
      else if (!isOwnSiblingName(nameOfPath(dirty))) paths.add(dirty);
    }
    if (this.#closed) return;
    if (missed) this.#rescan('A part of the folder cannot be watched');
    else if (paths.size > 0) this.#onEvent({ kind: 'dirty', paths });
  }

  #rescan(reason: string): void {
    this.#onEvent({ kind: 'rescan', reason });
  }

  /**
   * The package watches a new directory but not those that already are in it, and goes on naming a renamed one's
   * directories by their old path: such a directory gets a subscription of its own, before anybody looks into it.
   * Answers whether all of it is watched.
   */
  async #followDirectory(type: watcher.EventType, path: string): Promise<boolean> {
    if (path === this.#root) return true;
    if (this.#subscriptions.has(path)) await this.#unsubscribe(path);
    if (type === 'delete' || !(await holdsDirectories(path))) return true;
    if (this.#subscriptions.size >= subscriptionsMax) return false;
    try {
      await this.#subscribe(path, this.#ignore);
      return true;
    } catch {
      return (await isGone(path)); // Gone again: nothing to watch. Else the caller looks at everything.
    }
  }

  /** Undefined when the event concerns the root itself. */
  #dirtyPath(path: string): BytePath | undefined {
    if (!path.startsWith(this.#root)) return undefined;
    const relative = path.slice(this.#root.endsWith('/') ? this.#root.length : this.#root.length + 1);
    if (relative === '') return undefined;
    const bytes = wtf8FromText(process.platform === 'win32' ? relative.replaceAll('\\', '/') : relative) as BytePath;
    if (!relative.includes(replacementCharacter)) return bytes;
    // A name that is not UTF-8 comes through mangled: the directory that holds it is looked at instead.
    const mangled = wtf8FromText(replacementCharacter);
    let directory = bytes;
    while (directory.includes(mangled)) directory = parentPath(directory);
    return directory === rootPath ? undefined : directory;
  }
}

/** Named, because the default may start another program (watchman) where it is installed. */
function backendOf(platform: NodeJS.Platform): watcher.BackendType | undefined {
  if (platform === 'linux') return 'inotify';
  if (platform === 'darwin') return 'fs-events';
  return platform === 'win32' ? 'windows' : undefined;
}

async function holdsDirectories(path: string): Promise<boolean> {
  try {
    const native = nativePath(wtf8FromText(path));
    if (!(await lstat(native)).isDirectory()) return false;
    return (await readdir(native, { withFileTypes: true })).some((entry) => entry.isDirectory());
  } catch {
    return false; // Gone or not to be read: there is nothing more to watch in it.
  }
}

async function isGone(path: string): Promise<boolean> {
  try {
    await lstat(nativePath(wtf8FromText(path)));
    return false;
  } catch {
    return true;
  }
}
