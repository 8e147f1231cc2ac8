import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId, ListId, ObjectId, SnapshotId, TreeId } from '../../../protocol/ids.ts';
import { type ByteName, type BytePath, ancestorsOf, isWithin, joinPath, nameOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { createKeyRing } from '../../core/keys/keyRing.ts';
import { deriveKeys } from '../../core/keys/deriveKeys.ts';
import { DirectoryTree } from '../../core/tree/directoryTree.ts';
import { decodeTreeNode } from '../../core/tree/treeNode.ts';
import type { TreeEntry, TreeNode } from '../../core/tree/treeTypes.ts';
import { createPrimitives } from '../../platform/primitives.ts';
import { memoryStateFolder } from '../../testing/memoryStateFolder.ts';
import { Dice } from '../../testing/dice.ts';
import { FolderIndex } from './folderIndex.ts';
import { indexFromTrees } from './indexFromTrees.ts';
import { IndexStore } from './indexStore.ts';
import type { IndexChange, ListLinks } from './indexTypes.ts';
import type { StatMark } from './statMark.ts';

const primitives = createPrimitives();
const context: FormatContext = { ...primitives, keys: deriveKeys(createKeyRing(primitives.random), primitives.hasher) };
const seeds = Number(process.env['HOLDFAST_RUNS'] ?? 12);

type Node = { kind: 'file'; content: string; mtimeNs: bigint } | { kind: 'symlink'; target: string } | { kind: 'directory'; mtimeNs: bigint; children: Map<string, Node> };
const mode = 0o644;
const chunkOf = (content: string): ChunkId => Buffer.from(primitives.hasher.sha256(Buffer.from(content))).toString('hex').slice(0, 48) as ChunkId;
const listOf = (content: string): ListId => chunkOf(`list ${content}`) as string as ListId;
const markOfContent = (content: string): StatMark => ({ ctimeNs: BigInt(content.length), inode: 7n, device: 2n ** 63n });
const isLarge = (content: string): boolean => content.startsWith('L');
const linksOf = (content: string): ListLinks[] => {
  if (!isLarge(content)) return [];
  const inner = listOf(`inner ${content}`);
  return [
    { id: listOf(content), children: [inner, chunkOf(`${content} tail`)] },
    { id: inner, children: [chunkOf('shared'), chunkOf(content)] },
  ];
};

function entryOf(name: string, node: Node, objects: Set<ObjectId>): TreeEntry {
  const base = { name: name as ByteName, mode };
  if (node.kind === 'symlink') return { kind: 'symlink', ...base, mtimeNs: 5n, target: node.target };
  if (node.kind === 'directory') return { kind: 'directory', ...base, mtimeNs: node.mtimeNs, tree: treeOf(node.children, objects).root };
  for (const { id, children } of linksOf(node.content)) for (const each of [id, ...children]) objects.add(each);
  if (isLarge(node.content)) return { kind: 'file', ...base, mtimeNs: node.mtimeNs, size: 99, content: { kind: 'list', list: listOf(node.content) } };
  const chunks = node.content === '' ? [] : [chunkOf(node.content)];
  for (const id of chunks) objects.add(id);
  return { kind: 'file', ...base, mtimeNs: node.mtimeNs, size: node.content.length, content: { kind: 'chunks', chunks } };
}

/** The tree by brute force; collects every object that should be known. */
function treeOf(children: Map<string, Node>, objects: Set<ObjectId>): DirectoryTree {
  const tree = DirectoryTree.build([...children].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, node]) => entryOf(name, node, objects)), context);
  objects.add(tree.root);
  return tree;
}

/** A folder that changes at random, and the changes it went through since they were last taken. */
class Model {
  readonly root = new Map<string, Node>();
  changes = new Map<BytePath, IndexChange>();
  lists: ListLinks[] = [];
  readonly random: Dice;

  constructor(random: Dice) {
    this.random = random;
  }

  directories(): [BytePath, Map<string, Node>][] {
    const found: [BytePath, Map<string, Node>][] = [[rootPath, this.root]];
    for (const [path, children] of found) {
      for (const [name, node] of children) if (node.kind === 'directory') found.push([joinPath(path, name as ByteName), node.children]);
    }
    return found;
  }

  step(): void {
    const { random } = this;
    const directories = this.directories();
    const [path, children] = random.pick(directories);
    const names = [...children.keys()];
    const name = random.chance(0.4) && names.length > 0 ? random.pick(names) : `n${random.below(40)}\u00ff`;
    const at = joinPath(path, name as ByteName);
    const kind = random.pick(['file', 'file', 'file', 'large', 'directory', 'symlink', 'removed', 'move', 'copy'] as const);
    if (kind === 'removed') this.remove(at, children);
    else if (kind === 'move' || kind === 'copy') {
      const old = children.get(name);
      if (old?.kind !== 'directory') return;
      const [target, into] = random.pick(directories);
      const to = joinPath(target, `moved${random.below(9)}` as ByteName);
      if (isWithin(to, at) || isWithin(at, to)) return;
      const copy = structuredClone(old);
      if (kind === 'move') this.remove(at, children);
      this.put(to, into, copy);
    } else if (kind === 'directory') {
      const old = children.get(name);
      this.put(at, children, { kind, mtimeNs: BigInt(random.below(99)), children: old?.kind === 'directory' ? old.children : new Map() }, false);
    } else if (kind === 'symlink') this.put(at, children, { kind, target: `t${random.below(3)}` });
    else this.put(at, children, { kind: 'file', content: (kind === 'large' ? 'L' : 'x').repeat(random.below(5)), mtimeNs: BigInt(random.below(3)) });
  }

  private remove(at: BytePath, children: Map<string, Node>): void {
    children.delete(nameOfPath(at));
    for (const path of this.changes.keys()) if (path !== at && isWithin(path, at)) this.changes.delete(path);
    this.changes.set(at, { kind: 'removed' });
  }

  private put(at: BytePath, children: Map<string, Node>, node: Node, deep = true): void {
    // A directory that takes the place of another is told entry by entry, as a scan does.
    const old = children.get(nameOfPath(at));
    if (old?.kind === 'directory' && deep) {
      if (node.kind === 'directory') for (const [name] of old.children) this.remove(joinPath(at, name as ByteName), old.children);
      else this.remove(at, children);
    }
    children.set(nameOfPath(at), node);
    this.note(at, node, deep);
  }

  private note(at: BytePath, node: Node, deep: boolean): void {
    if (node.kind === 'directory') {
      this.changes.set(at, { kind: 'directory', mode, mtimeNs: node.mtimeNs, mark: undefined });
      if (deep) for (const [name, child] of node.children) this.note(joinPath(at, name as ByteName), child, true);
      return;
    }
    const entry = entryOf(nameOfPath(at), node, new Set());
    assert.ok(entry.kind !== 'directory');
    const mark = node.kind === 'file' ? markOfContent(node.content) : undefined;
    if (node.kind === 'file') this.lists.push(...linksOf(node.content));
    this.changes.set(at, { kind: 'entry', entry, mark });
  }

  /** What a scan would tell: names that a made (again) directory had in the index and has no more are removed. */
  take(index: FolderIndex): { changes: Map<BytePath, IndexChange>; lists: ListLinks[] } {
    const taken = { changes: this.changes, lists: this.lists };
    const children = new Map(this.directories());
    for (const [path, change] of this.changes) {
      if (change.kind !== 'directory') continue;
      for (const { name } of index.directory(path)?.tree.entries() ?? []) {
        if (!children.get(path)!.has(name)) this.changes.set(joinPath(path, name), { kind: 'removed' });
      }
    }
    this.changes = new Map();
    this.lists = [];
    return taken;
  }
}

function check(index: FolderIndex, model: Model): void {
  const objects = new Set<ObjectId>();
  assert.equal(index.root, treeOf(model.root, objects).root);
  const directories = model.directories();
  assert.equal(index.size, directories.length);
  for (const [path, children] of directories) {
    assert.equal(index.directory(path)!.tree.size, children.size);
    for (const [name, node] of children) {
      const at = joinPath(path, name as ByteName);
      assert.deepEqual(index.entry(at), entryOf(name, node, new Set()));
      if (node.kind === 'file') assert.deepEqual(index.mark(at), markOfContent(node.content));
    }
  }
  for (const id of objects) assert.ok(index.has(id), 'what is reachable is known');
  assert.equal(index.knownCount, objects.size, 'nothing else is known');
}

test('equals a build of the whole after any batch of changes, and knows exactly what is reachable', () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const model = new Model(new Dice(seed));
    const index = FolderIndex.empty(context);
    for (let batch = 0; batch < 15; batch++) {
      for (let steps = model.random.below(30); steps >= 0; steps--) model.step();
      const { changes, lists } = model.take(index);
      const known = new Set<ObjectId>();
      for (const [path] of modelPathsOf(index)) known.add(index.directory(path)!.tree.root);
      const update = index.plan(changes, lists);
      assert.equal(new Set(update.objects.map(({ id }) => id)).size, update.objects.length, 'each object once');
      for (const { id } of update.objects) assert.ok(!known.has(id), `seed ${seed}: an object that the state has`);
      index.adopt(update);
      check(index, model);
    }
  }
});

function* modelPathsOf(index: FolderIndex): Generator<[BytePath]> {
  yield [rootPath];
  for (const { path, entry } of index.entriesUnder(rootPath)) if (entry.kind === 'directory') yield [path];
}

test('comes back from disk as it was, from any mixture of file and journal', async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const model = new Model(new Dice(seed * 31));
    const folder = memoryStateFolder();
    let store = new IndexStore({ folder, context });
    let index = FolderIndex.empty(context);
    for (let batch = 1; batch < 12; batch++) {
      for (let steps = model.random.below(20); steps >= 0; steps--) model.step();
      const { changes, lists } = model.take(index);
      const update = index.plan(changes, lists);
      index.adopt(update);
      const snapshot = String(batch).padStart(64, '0') as SnapshotId;
      if (model.random.chance(0.2)) await store.save({ index, snapshot });
      else await store.record(update, { index, snapshot });
      if (model.random.chance(0.5)) continue;
      store = new IndexStore({ folder, context });
      const loaded = await store.load();
      assert.equal(loaded?.snapshot, snapshot);
      index = loaded.index;
      check(index, model);
    }
  }
});

test('a torn journal leaves an earlier state, and is never added to', async () => {
  const folder = memoryStateFolder();
  const store = new IndexStore({ folder, context });
  const index = FolderIndex.empty(context);
  const roots: TreeId[] = [index.root];
  await store.save({ index, snapshot: undefined });
  for (let i = 1; i <= 5; i++) {
    const update = index.plan(new Map([[`f${i}` as BytePath, fileChange(`f${i}`, 'x'.repeat(i))]]));
    index.adopt(update);
    roots.push(index.root);
    await store.record(update, { index, snapshot: undefined });
  }
  const journal = folder.files.get('index-journal')!;
  for (let cut = 0; cut <= journal.length; cut++) {
    const torn = memoryStateFolder(new Map(folder.files));
    torn.files.set('index-journal', journal.slice(0, cut));
    const again = new IndexStore({ folder: torn, context });
    const loaded = await again.load();
    assert.ok(loaded !== undefined && roots.includes(loaded.index.root));
    const update = loaded.index.plan(new Map([['new' as BytePath, fileChange('new', 'new')]]));
    loaded.index.adopt(update);
    await again.record(update, { index: loaded.index, snapshot: undefined });
    assert.equal((await new IndexStore({ folder: torn, context }).load())?.index.root, loaded.index.root);
  }
});

function fileChange(name: string, content: string): IndexChange {
  const entry = entryOf(name, { kind: 'file', content, mtimeNs: 1n }, new Set());
  assert.ok(entry.kind === 'file');
  return { kind: 'entry', entry, mark: undefined };
}

test('a damaged file is discarded, wherever a byte is wrong', async () => {
  const index = FolderIndex.empty(context);
  index.adopt(index.plan(new Map([['a' as BytePath, fileChange('a', 'abc')]])));
  const folder = memoryStateFolder();
  await new IndexStore({ folder, context }).save({ index, snapshot: undefined });
  const good = folder.files.get('index')!;
  for (let at = 0; at < good.length; at++) {
    folder.files.set('index', good.with(at, good[at]! ^ 1));
    assert.equal(await new IndexStore({ folder, context }).load(), undefined);
    folder.files.set('index', good.slice(0, at));
    assert.equal(await new IndexStore({ folder, context }).load(), undefined);
  }
});

test('is rebuilt from the trees of a snapshot', async () => {
  const model = new Model(new Dice(3));
  const index = FolderIndex.empty(context);
  const nodes = new Map<string, TreeNode>();
  for (let batch = 0; batch < 5; batch++) {
    for (let steps = 0; steps < 60; steps++) model.step();
    const { changes, lists } = model.take(index);
    index.adopt(index.plan(changes, lists));
  }
  for (const path of [rootPath, ...Array.from(index.entriesUnder(rootPath), (each) => each.path)]) {
    for (const object of index.directory(path)?.tree.nodes() ?? []) nodes.set(object.id, decodeTreeNode(object));
  }
  const source = { trees: async (ids: readonly TreeId[]) => ids.map((id) => nodes.get(id)!) };
  const rebuilt = await indexFromTrees(index.root, { source, context, signal: new AbortController().signal });
  assert.equal(rebuilt.root, index.root);
  assert.equal(rebuilt.size, index.size);
  for (const { path, entry } of index.entriesUnder(rootPath)) {
    assert.deepEqual(rebuilt.entry(path), entry);
    assert.equal(rebuilt.mark(path), undefined);
  }
});

test('one change touches only the directories above it', () => {
  const index = FolderIndex.empty(context);
  const changes = new Map<BytePath, IndexChange>();
  for (let i = 0; i < 30; i++) {
    changes.set(`d${i}` as BytePath, { kind: 'directory', mode, mtimeNs: 0n, mark: undefined });
    for (let k = 0; k < 30; k++) changes.set(`d${i}/f${k}` as BytePath, fileChange(`f${k}`, `${i} ${k}`));
  }
  index.adopt(index.plan(changes));
  const path = 'd3/f7' as BytePath;
  const update = index.plan(new Map([[path, fileChange('f7', 'new')]]));
  assert.deepEqual([...update.entries.keys()].toSorted(), ['d3', 'd3/f7']);
  assert.ok(update.objects.length <= 4);
  assert.deepEqual([...update.directories.keys()].toSorted(), [...ancestorsOf(path)].toSorted());
  assert.equal(parentPath(path), 'd3');
});

test('an entry that did not change makes no new tree', () => {
  const index = FolderIndex.empty(context);
  index.adopt(index.plan(new Map([['a' as BytePath, fileChange('a', 'abc')]])));
  const update = index.plan(new Map([['a' as BytePath, fileChange('a', 'abc')], ['b/c' as BytePath, { kind: 'removed' as const }]]));
  assert.equal(update.changed, false);
  assert.equal(update.entries.size, 0);
  assert.equal(update.objects.length, 0);
});

test('removing everything leaves the empty tree, which is known', () => {
  const index = FolderIndex.empty(context);
  const { root } = index;
  index.adopt(index.plan(new Map([['a' as BytePath, fileChange('a', 'abc')]])));
  index.adopt(index.plan(new Map([['a' as BytePath, { kind: 'removed' as const }]])));
  assert.equal(index.root, root);
  assert.ok(index.has(root));
});
