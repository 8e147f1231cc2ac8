import { assert } from '../../../base/errors.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { type ByteName, type BytePath, joinPath, nameOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { HashContext } from '../../core/formatContext.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import { DirectoryTree } from '../../core/tree/directoryTree.ts';
import type { DirectoryEntry, FileContent, FileEntry, SymlinkEntry, TreeEntry } from '../../core/tree/treeTypes.ts';
import type { DirectoryUpdate, EntryPair, IndexChange, IndexChanges, IndexUpdate, ListLinks } from './indexTypes.ts';
import type { StatMark } from './statMark.ts';

/** What planning asks of the index. */
export interface IndexView {
  directory(path: BytePath): { readonly tree: DirectoryTree } | undefined;
  /** Whether an object is reachable from the index. */
  has(id: ObjectId): boolean;
}

/**
 * Works changes into the trees, the deepest directories first. Costs O(changes × depth). Nothing is changed.
 * A change whose directory is neither in the index nor among the changes is a bug.
 */
export function planUpdate(
  index: IndexView,
  { changes, lists = [], context }: { readonly changes: IndexChanges; readonly lists?: readonly ListLinks[]; readonly context: HashContext },
): IndexUpdate {
  const planner = new Planner(index, { changes, context });
  return { ...planner.plan(), changes, lists };
}

class Planner {
  readonly #index: IndexView;
  readonly #changes: IndexChanges;
  readonly #context: HashContext;
  /** Directories that must be worked on, by depth, each with what changes in it. */
  readonly #work: Map<BytePath, Map<ByteName, TreeEntry | undefined>>[] = [];
  readonly #marks = new Map<BytePath, Map<ByteName, StatMark | undefined>>();
  readonly #entries = new Map<BytePath, EntryPair>();
  readonly #directories = new Map<BytePath, DirectoryUpdate>();
  readonly #objects = new Map<ObjectId, PlainObject>();

  constructor(index: IndexView, { changes, context }: { readonly changes: IndexChanges; readonly context: HashContext }) {
    this.#index = index;
    this.#changes = changes;
    this.#context = context;
  }

  plan(): Omit<IndexUpdate, 'changes' | 'lists'> {
    for (const [path, change] of this.#changes) this.#distribute(path, change);
    for (let depth = this.#work.length - 1; depth >= 0; depth--) {
      for (const [directory, entries] of this.#work[depth] ?? []) this.#update(directory, entries);
    }
    for (const [directory, marks] of this.#marks) if (!this.#directories.has(directory)) this.#noteMarks(directory, marks);
    const before = this.#index.directory(rootPath)!.tree.root;
    const root = this.#directories.get(rootPath)?.tree.root ?? before;
    return { root, changed: root !== before, objects: [...this.#objects.values()], entries: this.#entries, directories: this.#directories };
  }

  #distribute(path: BytePath, change: IndexChange): void {
    assert(path !== rootPath, 'the root is no entry');
    const directory = parentPath(path);
    const name = nameOfPath(path);
    switch (change.kind) {
      case 'entry':
        assert(change.entry.name === name, `the entry of ${path} has another name`);
        if (!sameEntry(this.#index.directory(directory)?.tree.get(name), change.entry)) this.#workOn(directory).set(name, change.entry);
        this.#marksOf(directory).set(name, change.mark);
        break;
      case 'removed':
        this.#workOn(directory).set(name, undefined);
        this.#marksOf(directory).set(name, undefined);
        break;
      case 'directory':
        this.#workOn(path);
        this.#marksOf(directory).set(name, change.mark);
        break;
      case 'mark':
        this.#marksOf(directory).set(name, change.mark);
        break;
      default:
        change satisfies never;
    }
  }

  #update(directory: BytePath, entries: ReadonlyMap<ByteName, TreeEntry | undefined>): void {
    const known = this.#index.directory(directory);
    const own = this.#changes.get(directory);
    const isThere = own === undefined ? known !== undefined : own.kind === 'directory' || own.kind === 'mark';
    if (!isThere && [...entries.values()].every((entry) => entry === undefined)) return; // Gone with the directory.
    assert(own === undefined || own.kind === 'directory' || own.kind === 'mark', `${directory} changes beneath what is removed`);
    assert(known !== undefined || own?.kind === 'directory', `${directory} is no known directory`);
    const base = known?.tree ?? DirectoryTree.empty(this.#context);
    const { tree, objects } = base.update(entries, this.#context);
    for (const [name, after] of entries) this.#noteEntry(joinPath(directory, name), { before: base.get(name), after });
    if (known === undefined || tree !== base) {
      this.#noteObjects(tree, known === undefined && tree === base ? tree.nodes() : objects);
      this.#directories.set(directory, { tree, isNew: known === undefined, marks: this.#marks.get(directory) ?? new Map() });
    }
    if (directory !== rootPath) this.#passUp(directory, tree);
  }

  /** Sets the directory's entry in the one above, when it is new or differs. */
  #passUp(directory: BytePath, tree: DirectoryTree): void {
    const above = this.#index.directory(parentPath(directory))?.tree.get(nameOfPath(directory));
    const before = above?.kind === 'directory' ? above : undefined;
    const own = this.#changes.get(directory);
    const meta = own?.kind === 'directory' ? own : before;
    assert(meta !== undefined, `${directory} has no entry`);
    const after: DirectoryEntry = { kind: 'directory', name: nameOfPath(directory), mode: meta.mode, mtimeNs: meta.mtimeNs, tree: tree.root };
    if (before?.tree === after.tree && before.mode === after.mode && before.mtimeNs === after.mtimeNs) return;
    this.#workOn(parentPath(directory)).set(after.name, after);
  }

  #noteEntry(path: BytePath, pair: EntryPair): void {
    if (pair.before !== undefined || pair.after !== undefined) this.#entries.set(path, pair);
  }

  #noteObjects(tree: DirectoryTree, objects: readonly PlainObject[]): void {
    if (this.#index.has(tree.root)) return;
    for (const object of objects) if (!this.#index.has(object.id)) this.#objects.set(object.id, object);
  }

  #noteMarks(directory: BytePath, marks: ReadonlyMap<ByteName, StatMark | undefined>): void {
    const known = this.#index.directory(directory);
    if (known !== undefined) this.#directories.set(directory, { tree: known.tree, isNew: false, marks });
  }

  #workOn(directory: BytePath): Map<ByteName, TreeEntry | undefined> {
    const depth = directory === rootPath ? 0 : directory.split('/').length;
    const level = (this.#work[depth] ??= new Map());
    let entries = level.get(directory);
    if (entries === undefined) level.set(directory, (entries = new Map()));
    return entries;
  }

  #marksOf(directory: BytePath): Map<ByteName, StatMark | undefined> {
    let marks = this.#marks.get(directory);
    if (marks === undefined) this.#marks.set(directory, (marks = new Map()));
    return marks;
  }
}

function sameEntry(before: TreeEntry | undefined, after: FileEntry | SymlinkEntry): boolean {
  if (before?.kind !== after.kind || before.mode !== after.mode || before.mtimeNs !== after.mtimeNs) return false;
  if (before.kind === 'symlink') return after.kind === 'symlink' && before.target === after.target;
  return before.kind === 'file' && after.kind === 'file' && before.size === after.size && sameContent(before.content, after.content);
}

function sameContent(before: FileContent, after: FileContent): boolean {
  if (before.kind === 'list' || after.kind === 'list') return before.kind === 'list' && after.kind === 'list' && before.list === after.list;
  return before.chunks.length === after.chunks.length && before.chunks.every((id, at) => id === after.chunks[at]);
}
