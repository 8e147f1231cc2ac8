import { assert } from '../../../base/errors.ts';
import type { ListId, ObjectId, TreeId } from '../../../protocol/ids.ts';
import { type BytePath, joinPath, nameOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { HashContext } from '../../core/formatContext.ts';
import { DirectoryTree } from '../../core/tree/directoryTree.ts';
import type { TreeEntry } from '../../core/tree/treeTypes.ts';
import { IdCounts } from './idCounts.ts';
import { IndexedDirectory } from './indexedDirectory.ts';
import type { IndexChanges, IndexUpdate, ListLinks } from './indexTypes.ts';
import { planUpdate } from './planUpdate.ts';
import type { StatMark } from './statMark.ts';

/** Entries that stay unpacked; beyond, directories that were not used for longest are packed. */
const unpackedEntriesMax = 50_000;
/** So many stay unpacked whatever their size: a huge directory and those above it must not take turns. */
const unpackedDirectoriesMin = 32;

/**
 * The last state of a folder that was backed up or waits in the outbox, with what is needed to see what changed since:
 * the tree and the stat marks of every directory, and how often each object is referred to.
 */
export class FolderIndex {
  readonly #context: HashContext;
  readonly #directories: Map<BytePath, IndexedDirectory>;
  /** Objects reachable from the root; of a directory only its topmost node. */
  readonly #known: IdCounts;
  readonly #lists: Map<ListId, readonly ObjectId[]>;
  /** In order of their last use. */
  readonly #unpacked = new Map<BytePath, number>();
  #unpackedEntries = 0;

  constructor(context: HashContext, parts: FolderIndexParts) {
    this.#context = context;
    this.#directories = parts.directories;
    this.#known = parts.known;
    this.#lists = parts.lists;
  }

  static empty(context: HashContext): FolderIndex {
    const tree = DirectoryTree.empty(context);
    const known = new IdCounts();
    known.add(tree.root);
    return new FolderIndex(context, { directories: new Map([[rootPath, IndexedDirectory.of(tree)]]), known, lists: new Map() });
  }

  get root(): TreeId {
    return this.#directories.get(rootPath)!.tree.root;
  }

  /** Directories, the root included. */
  get size(): number {
    return this.#directories.size;
  }

  /** A directory as it was; its `tree` lists what was in it. Not to be kept: it changes with the index. */
  directory(path: BytePath): IndexedDirectory | undefined {
    const directory = this.#directories.get(path);
    if (directory !== undefined) this.#touch(path, directory);
    return directory;
  }

  /** The entry of a path; undefined for the root, which has none. */
  entry(path: BytePath): TreeEntry | undefined {
    return path === rootPath ? undefined : this.directory(parentPath(path))?.get(nameOfPath(path));
  }

  mark(path: BytePath): StatMark | undefined {
    return path === rootPath ? undefined : this.directory(parentPath(path))?.mark(nameOfPath(path));
  }

  /** Every path at and beneath `path` (the root itself left out), directories before what is in them. */
  *entriesUnder(path: BytePath): Generator<{ readonly path: BytePath; readonly entry: TreeEntry }> {
    const own = this.entry(path);
    if (own !== undefined) yield { path, entry: own };
    const pending = [path];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      for (const entry of this.directory(at)?.tree.entries() ?? []) {
        const below = joinPath(at, entry.name);
        yield { path: below, entry };
        if (entry.kind === 'directory') pending.push(below);
      }
    }
  }

  /** Whether an object is reachable from this state. Never wrongly true; false for inner nodes of directories. */
  has(id: ObjectId): boolean {
    return this.#known.has(id);
  }

  /** How many objects are known so. */
  get knownCount(): number {
    return this.#known.size;
  }

  /** The children of a list node, where they are known. */
  listChildren(id: ListId): readonly ObjectId[] | undefined {
    return this.#lists.get(id);
  }

  /** What changes come to; nothing is changed. */
  plan(changes: IndexChanges, lists: readonly ListLinks[] = []): IndexUpdate {
    return planUpdate(this, { changes, lists, context: this.#context });
  }

  /** Makes a planned update the state. It must have been planned on the state as it is. */
  adopt(update: IndexUpdate): void {
    const before = this.root;
    const links = new Map(update.lists.map(({ id, children }) => [id, children]));
    this.#known.add(update.root);
    for (const { after } of update.entries.values()) if (after !== undefined) this.#retain(after, links);
    for (const [path, { before: old, after }] of update.entries) {
      if (old === undefined) continue;
      if (old.kind === 'directory' && after?.kind !== 'directory') this.#drop(path);
      this.#release(old);
    }
    this.#known.remove(before);
    for (const [path, { tree, marks, isNew }] of update.directories) {
      const directory = isNew ? IndexedDirectory.of(tree) : this.#directories.get(path);
      assert(directory !== undefined, `${path} was planned on another state`);
      directory.setTree(tree);
      for (const [name, mark] of marks) directory.setMark(name, mark);
      this.#directories.set(path, directory);
      this.#touch(path, directory);
    }
    assert(this.root === update.root, 'the update was planned on another state');
  }

  /** Forgets the mark of every name: the next scan reads everything. */
  forgetMarks(): void {
    for (const [path, directory] of this.#directories) {
      directory.forgetMarks();
      this.#touch(path, directory);
    }
  }

  /** All directories with their bytes, and all lists, for the cache file. */
  parts(): { readonly directories: Iterable<readonly [BytePath, IndexedDirectory]>; readonly lists: ReadonlyMap<ListId, readonly ObjectId[]> } {
    return { directories: this.#directories, lists: this.#lists };
  }

  #retain(entry: TreeEntry, links: ReadonlyMap<ListId, readonly ObjectId[]>): void {
    if (entry.kind === 'directory') this.#known.add(entry.tree);
    if (entry.kind !== 'file') return;
    if (entry.content.kind === 'list') this.#retainList(entry.content.list, links);
    else for (const id of entry.content.chunks) this.#known.add(id);
  }

  #retainList(id: ListId, links: ReadonlyMap<ListId, readonly ObjectId[]>): void {
    if (this.#known.add(id) > 1 && this.#lists.has(id)) return;
    const children = links.get(id);
    if (children === undefined) return;
    this.#lists.set(id, children);
    for (const child of children) {
      if (links.has(child as ListId)) this.#retainList(child as ListId, links);
      else this.#known.add(child);
    }
  }

  #release(entry: TreeEntry): void {
    if (entry.kind === 'directory') this.#known.remove(entry.tree);
    if (entry.kind !== 'file') return;
    if (entry.content.kind === 'list') this.#releaseOne(entry.content.list);
    else for (const id of entry.content.chunks) this.#known.remove(id);
  }

  #releaseOne(id: ObjectId): void {
    if (this.#known.remove(id) > 0) return;
    const children = this.#lists.get(id as ListId);
    this.#lists.delete(id as ListId);
    for (const child of children ?? []) this.#releaseOne(child);
  }

  /** A directory that is gone, with all beneath. */
  #drop(path: BytePath): void {
    const pending = [path];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      for (const entry of this.#directories.get(at)?.tree.entries() ?? []) {
        this.#release(entry);
        if (entry.kind === 'directory') pending.push(joinPath(at, entry.name));
      }
      this.#directories.delete(at);
      this.#unpackedEntries -= this.#unpacked.get(at) ?? 0;
      this.#unpacked.delete(at);
    }
  }

  /** Notes the use of a directory and packs others when too much is unpacked. */
  #touch(path: BytePath, directory: IndexedDirectory): void {
    const entries = 1 + directory.tree.size;
    this.#unpackedEntries += entries - (this.#unpacked.get(path) ?? 0);
    this.#unpacked.delete(path);
    this.#unpacked.set(path, entries);
    for (const [other, count] of this.#unpacked) {
      if (this.#unpackedEntries <= unpackedEntriesMax || this.#unpacked.size <= unpackedDirectoriesMin) return;
      this.#directories.get(other)?.pack();
      this.#unpacked.delete(other);
      this.#unpackedEntries -= count;
    }
  }
}

export interface FolderIndexParts {
  readonly directories: Map<BytePath, IndexedDirectory>;
  readonly known: IdCounts;
  readonly lists: Map<ListId, readonly ObjectId[]>;
}
