import { BackupError, systemCodeOf } from '../../../base/errors.ts';
import type { ListId, ObjectId } from '../../../protocol/ids.ts';
import { joinPath, nameOfPath, namesOfPath, rootPath } from '../../core/byteString.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { Cutter } from '../../core/chunk/cutter.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { isSensitiveName } from '../../core/segment/sensitiveName.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { DirtyPart } from '../../core/sync/planDirty.ts';
import { settleEntry } from '../../core/sync/settleEntry.ts';
import type { FileEntry, SymlinkEntry, TreeEntry } from '../../core/tree/treeTypes.ts';
import type { FileStat } from '../../ports/files.ts';
import type { Clock } from '../../ports/primitives.ts';
import type { FolderIndex } from '../index/folderIndex.ts';
import type { IndexChange, ListLinks } from '../index/indexTypes.ts';
import { isContentUnchanged, markOf } from '../index/statMark.ts';
import type { StatMark } from '../index/statMark.ts';
import { inspectPath } from '../scan/inspectPath.ts';
import { isGoneCode, listDirectory } from '../scan/listDirectory.ts';
import type { InspectedPath, ListedEntry, ScanContext } from '../scan/scanTypes.ts';
import { trusting } from './captureTypes.ts';
import type { CaptureProgress, Distrust, ObjectSink } from './captureTypes.ts';
import { readFile } from './readFile.ts';

export interface CaptureParts {
  readonly scan: ScanContext;
  readonly index: FolderIndex;
  readonly sink: ObjectSink;
  readonly context: FormatContext;
  readonly clock: Pick<Clock, 'now'>;
  readonly progress: CaptureProgress;
  readonly distrust: Distrust;
  /** Called between entries: the time for a checkpoint, which may take the changes found so far. */
  readonly pause: () => Promise<void>;
  readonly signal: AbortSignal;
}

export interface CapturedChanges {
  readonly changes: ReadonlyMap<BytePath, IndexChange>;
  readonly lists: readonly ListLinks[];
  /** Inodes of files that are new, to recognise those that moved. */
  readonly inodes: ReadonlyMap<BytePath, bigint>;
}

/** How often a path that turns into something else while it is looked at is looked at again. */
const looksMax = 3;

/**
 * Finds out how the folder, or the dirty part of it, differs from the index. Chunks and lists go to the sink as they
 * come. What cannot be read keeps its last captured version, with a warning; where the server lost that, it goes.
 */
export class Capture {
  readonly #parts: CaptureParts;
  readonly #cutter: Cutter;
  #changes = new Map<BytePath, IndexChange>();
  #lists: ListLinks[] = [];
  #inodes = new Map<BytePath, bigint>();

  constructor(parts: CaptureParts) {
    this.#parts = parts;
    this.#cutter = new Cutter(parts.context.keys.gear);
  }

  /** Errors: `not-found` or `denied` when the folder itself cannot be read; what is in it never fails a capture. */
  async run(part: DirtyPart): Promise<void> {
    if (part === 'whole') {
      if (!(await this.#list(rootPath))) throw new BackupError('not-found', 'The folder does not exist.');
      return;
    }
    await this.#requireRoot();
    await this.#lookAt(rootPath, part);
  }

  /** Were the folder gone, so would be every dirty path in it: that is no change to back up. */
  async #requireRoot(): Promise<void> {
    const { files, root } = this.#parts.scan;
    try {
      await files.lstat(root);
    } catch (cause) {
      throw new BackupError('not-found', 'The folder does not exist.', {}, { cause });
    }
  }

  /** What was found since it was taken last. */
  take(): CapturedChanges {
    const taken = { changes: this.#changes, lists: this.#lists, inodes: this.#inodes };
    this.#changes = new Map();
    this.#lists = [];
    this.#inodes = new Map();
    return taken;
  }

  /** Captures all that is in a directory. Answers whether there is such a directory; an unreadable one stays as it was. */
  async #list(path: BytePath, stat?: FileStat): Promise<boolean> {
    const { scan, signal, progress, index } = this.#parts;
    const listed = await listDirectory(scan, path, { signal });
    if (listed.kind === 'gone') return false;
    if (listed.kind === 'unreadable') {
      if (path === rootPath) throw new BackupError('denied', 'The folder cannot be read.');
      progress.warn(listed.warning.path, listed.warning.kind);
      return index.directory(path) !== undefined && !this.#gapBelow(path);
    }
    if (stat !== undefined) this.#noteDirectory(path, stat);
    const kept = new Set<ByteName>();
    for (const warning of listed.warnings) {
      progress.warn(warning.path, warning.kind);
      if (warning.kind === 'unreadable' && this.#keepUnread(warning.path)) kept.add(nameOfPath(warning.path));
    }
    if (listed.hardLinks > 0) progress.warn(path, 'hard-link');
    for (const entry of listed.entries) {
      if (await this.#capture(joinPath(path, entry.name), { found: entry, below: 'whole' })) kept.add(entry.name);
      await this.#parts.pause();
    }
    for (const { name } of index.directory(path)?.tree.entries() ?? []) if (!kept.has(name)) this.#remove(joinPath(path, name));
    return true;
  }

  /** Looks only at the names that are dirty. */
  async #lookAt(path: BytePath, part: ReadonlyMap<ByteName, DirtyPart>): Promise<void> {
    for (const [name, below] of part) {
      const at = joinPath(path, name);
      const found = await inspectPath(this.#parts.scan, at, this.#parts);
      if (!(await this.#inspected(at, { found, below }))) this.#remove(at);
      await this.#parts.pause();
    }
  }

  /** Answers whether the path stays. */
  async #inspected(path: BytePath, { found, below }: { readonly found: InspectedPath; readonly below: DirtyPart }): Promise<boolean> {
    if (found.kind === 'kept') return await this.#capture(path, { found: found.entry, below });
    if (found.kind !== 'unreadable') return false;
    this.#parts.progress.warn(found.warning.path, found.warning.kind);
    return found.warning.kind === 'unreadable' && this.#keepUnread(path);
  }

  /** Answers whether the path stays. */
  async #capture(path: BytePath, { found, below }: { readonly found: ListedEntry; readonly below: DirtyPart }): Promise<boolean> {
    const { name, stat, target } = found;
    switch (stat.kind) {
      case 'directory':
        if (below === 'whole' || this.#parts.index.directory(path) === undefined) return await this.#list(path, stat);
        this.#noteDirectory(path, stat);
        await this.#lookAt(path, below);
        return true;
      case 'symlink':
        this.#settle(path, { name, kind: 'symlink', mode: stat.mode, mtimeNs: stat.mtimeNs, target: target ?? '' }, undefined);
        return true;
      case 'file':
        return this.#isUnchanged(path, stat) || (await this.#read(path));
      default:
        return false;
    }
  }

  #isUnchanged(path: BytePath, stat: FileStat): boolean {
    const { index, distrust, progress } = this.#parts;
    const old = index.entry(path);
    progress.filesSeen += 1;
    if (old?.kind !== 'file' || distrust.readAll) return false;
    return isContentUnchanged(stat, { mark: index.mark(path), size: old.size }) && !this.#contentOf(old).some((id) => distrust.resend(id));
  }

  /** Reads a file. When it turns out to be something else by now, that is captured in its place. */
  async #read(path: BytePath): Promise<boolean> {
    const { progress, signal, scan } = this.#parts;
    for (let looks = 1; looks <= looksMax; looks++) {
      try {
        if (await this.#readOnce(path)) return true;
      } catch (error) {
        signal.throwIfAborted();
        const code = systemCodeOf(error);
        if (code === undefined) throw error;
        if (!isGoneCode(code) && code !== 'ELOOP') {
          progress.warn(path, 'unreadable');
          return this.#keepUnread(path);
        }
      }
      const found = await inspectPath(scan, path, this.#parts);
      if (found.kind !== 'kept' || found.entry.stat.kind !== 'file') return await this.#inspected(path, { found, below: 'whole' });
    }
    progress.warn(path, 'changed-while-read');
    return this.#keepUnread(path);
  }

  /** Answers whether it was a file. */
  async #readOnce(path: BytePath): Promise<boolean> {
    const { scan, context, progress, signal, clock, index } = this.#parts;
    const sensitive = isSensitiveName(nameOfPath(path));
    const lists: ListLinks[] = [];
    const emit = async (object: PlainObject): Promise<void> => {
      if (object.kind === 'list') lists.push({ id: object.id as ListId, children: object.children });
      await this.#send(object, sensitive);
    };
    const now = clock.now();
    const read = await readFile(scan.files.join(scan.root, ...namesOfPath(path)), { files: scan.files, context, cutter: this.#cutter, emit, signal });
    if (read === undefined) return false;
    const { content, size, stat } = read;
    progress.bytesRead += read.bytesRead;
    if (read.changed) progress.warn(path, 'changed-while-read');
    this.#lists.push(...lists);
    if (index.entry(path) === undefined) this.#inodes.set(path, stat.inode);
    const entry: FileEntry = { name: nameOfPath(path), kind: 'file', mode: stat.mode, mtimeNs: stat.mtimeNs, size, content };
    const mark = read.changed ? undefined : markOf(stat, now);
    this.#settle(path, entry, mark ?? placeOnly(stat));
    return true;
  }

  async #send(object: PlainObject, sensitive: boolean): Promise<void> {
    const { index, distrust, sink } = this.#parts;
    if (!index.has(object.id) || distrust.resend(object.id)) await sink.add(object, { sensitive });
  }

  #settle(path: BytePath, found: FileEntry | SymlinkEntry, mark: StatMark | undefined): void {
    const { index } = this.#parts;
    const { entry, difference } = settleEntry(index.entry(path), found);
    if (difference !== 'none' && entry.kind !== 'directory') this.#changes.set(path, { kind: 'entry', entry, mark });
    else if (!sameMark(index.mark(path), mark)) this.#changes.set(path, { kind: 'mark', mark });
  }

  #noteDirectory(path: BytePath, { mode, mtimeNs }: FileStat): void {
    const old = this.#parts.index.entry(path);
    const change: IndexChange = { kind: 'directory', mode, mtimeNs, mark: undefined };
    if (old?.kind !== 'directory') {
      this.#changes.set(path, change);
      return;
    }
    const { entry, difference } = settleEntry(old, { ...old, mode, mtimeNs });
    if (difference !== 'none') this.#changes.set(path, { ...change, mode: entry.mode });
  }

  #remove(path: BytePath): void {
    if (this.#parts.index.entry(path) !== undefined) this.#changes.set(path, { kind: 'removed' });
  }

  /** Whether the last captured version of what cannot be read now is there to be kept. */
  #keepUnread(path: BytePath): boolean {
    const { index } = this.#parts;
    if (index.entry(path) === undefined || this.#gapBelow(path)) return false;
    if (index.mark(path) !== undefined) this.#changes.set(path, { kind: 'mark', mark: undefined });
    return true;
  }

  /** Whether the server lost something of what was captured here last. Then that is said. */
  #gapBelow(path: BytePath): boolean {
    const { index, distrust, progress } = this.#parts;
    if (distrust === trusting) return false;
    for (const { entry } of index.entriesUnder(path)) {
      if (!this.#contentOf(entry).some((id) => distrust.lost(id))) continue;
      progress.warn(path, 'gone-on-server');
      return true;
    }
    return false;
  }

  #contentOf(entry: TreeEntry): readonly ObjectId[] {
    if (entry.kind !== 'file') return [];
    return entry.content.kind === 'chunks' ? entry.content.chunks : this.#listed(entry.content.list);
  }

  #listed(id: ListId): readonly ObjectId[] {
    const children = this.#parts.index.listChildren(id) ?? [];
    return [id, ...children.flatMap((child) => this.#listed(child as ListId))];
  }
}

function sameMark(a: StatMark | undefined, b: StatMark | undefined): boolean {
  return a?.ctimeNs === b?.ctimeNs && a?.inode === b?.inode && a?.device === b?.device;
}

/** A mark that proves nothing, and still tells by its inode where the file went. */
function placeOnly({ inode, device }: FileStat): StatMark {
  return { ctimeNs: -1n, inode, device };
}
