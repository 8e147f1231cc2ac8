import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChunkId, TreeId } from '../../../protocol/ids.ts';
import { testContext } from '../../testing/testContext.ts';
import type { ByteName } from '../byteString.ts';
import type { FormatContext } from '../formatContext.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';
import { DirectoryTree } from './directoryTree.ts';
import { checkTreeChild, decodeTreeNode } from './treeNode.ts';
import { endsTreeNode, treeItemsMax, treeItemsMin } from './treeSplit.ts';
import type { TreeEntry, TreeNode } from './treeTypes.ts';

const context = remembering(testContext());

describe('DirectoryTree', () => {
  it('holds the same nodes after any updates as when built at once', () => {
    const name = fc.integer({ min: 0, max: 5000 }).map(numbered);
    const run = fc.record({ from: fc.integer({ min: 0, max: 5000 }), length: fc.integer({ min: 1, max: 3000 }) });
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ set: fc.array(name, { maxLength: 5 }), remove: fc.array(name, { maxLength: 5 }) }) },
      { weight: 1, arbitrary: run.map((r) => ({ set: [], remove: namesOf(r) })) },
      { weight: 1, arbitrary: run.map((r) => ({ set: namesOf(r), remove: [] })) },
    );
    const start = fc.record({ length: fc.integer({ min: 0, max: 5000 }), stride: fc.integer({ min: 1, max: 3 }) });
    const property = fc.property(start, fc.array(step, { minLength: 1, maxLength: 6 }), ({ length, stride }, steps) => {
      const model = new Map<ByteName, TreeEntry>();
      for (let i = 0; i < length; i += stride) model.set(numbered(i), file(numbered(i), 0));
      let tree = buildFrom(model);
      steps.forEach(({ set, remove }, version) => {
        const changes = new Map<ByteName, TreeEntry | undefined>();
        for (const each of remove) changes.set(each, undefined);
        for (const each of set) changes.set(each, file(each, version));
        tree = checkUpdate(tree, changes, model);
      });
    });
    fc.assert(property, { numRuns: 30 });
  });

  it('survives edits on either side of every boundary', () => {
    const model = modelOf(500);
    const tree = buildFrom(model);
    const leaves = leavesOf(tree);
    assert.ok(leaves.length > 4);
    for (const [index, leaf] of leaves.entries()) {
      const first = leaf[0]!.name;
      const last = leaf.at(-1)!.name;
      const next = leaves[index + 1]?.[0]?.name;
      for (const names of [[first], [last], [last, next], leaf.map(({ name }) => name), [first, last]]) {
        const removed = names.filter((name) => name !== undefined);
        checkUpdate(tree, new Map(removed.map((name) => [name, undefined])), new Map(model));
      }
      const after = `${last}!` as ByteName;
      checkUpdate(tree, new Map([[after, file(after, 1)]]), new Map(model));
    }
  });

  it('adds before the first name and after the last', () => {
    const model = modelOf(600);
    for (const name of ['!', '~', 'a', 'zzz'] as ByteName[]) {
      checkUpdate(buildFrom(model), new Map([[name, file(name, 1)]]), new Map(model));
    }
  });

  it('grows from empty to two levels and shrinks back, one entry at a time', () => {
    const model = new Map<ByteName, TreeEntry>();
    let tree = DirectoryTree.empty(context);
    const empty = tree.root;
    for (let i = 0; i < 500; i++) {
      tree = tree.update(new Map([[numbered(i * 7 % 500), file(numbered(i * 7 % 500), i)]]), context).tree;
      model.set(numbered(i * 7 % 500), file(numbered(i * 7 % 500), i));
    }
    assert.equal(tree.root, buildFrom(model).root);
    for (const name of [...model.keys()].sort().toReversed()) {
      tree = checkUpdate(tree, new Map([[name, undefined]]), model);
    }
    assert.equal(tree.root, empty);
    assert.equal(tree.size, 0);
  });

  it('loses and gains levels at once when most entries go or come', () => {
    const full = modelOf(9000);
    const tree = buildFrom(full);
    assert.equal(tree.top.level, 2);
    for (const kept of [0, 1, 40, 700]) {
      for (const first of [0, 9000 - kept]) {
        const names = [...full.keys()].toSpliced(first, kept);
        const model = new Map(full);
        const small = checkUpdate(tree, new Map(names.map((name) => [name, undefined])), model);
        assert.equal(checkUpdate(small, new Map(names.map((name) => [name, full.get(name)])), model).root, tree.root);
      }
    }
  });

  it('does the work of the change, not of the directory', () => {
    const counted = countingContext();
    const work = [1_000, 30_000].map((size) => {
      const tree = DirectoryTree.build(modelOf(size).values(), counted.context);
      const name = numbered(size >> 1);
      counted.reset();
      const { objects } = tree.update(new Map([[name, file(name, 1)]]), counted.context);
      return { hashes: counted.hashes(), bytes: objects.reduce((sum, { body }) => sum + body.length, 0) };
    });
    for (const { hashes, bytes } of work) {
      assert.ok(hashes < 4 * treeItemsMax, `${hashes} hashes`);
      assert.ok(bytes < 40_000, `${bytes} bytes`);
    }
  });

  it('answers nothing new when nothing changes', () => {
    const model = modelOf(2000);
    const tree = buildFrom(model);
    for (const changes of [
      new Map<ByteName, TreeEntry | undefined>(),
      new Map([[numbered(7), file(numbered(7), 0)]]),
      new Map([['absent' as ByteName, undefined]]),
    ]) {
      const updated = tree.update(changes, context);
      assert.equal(updated.tree, tree);
      assert.deepEqual(updated.objects, []);
    }
    const empty = DirectoryTree.empty(context);
    assert.deepEqual(empty.update(new Map([['a' as ByteName, undefined]]), context), { tree: empty, objects: [] });
  });

  it('finds and lists what it holds', () => {
    const model = modelOf(3000);
    const tree = buildFrom(model);
    assert.equal(tree.size, 3000);
    assert.deepEqual([...tree.entries()], [...model.values()]);
    for (const [name, entry] of model) assert.equal(tree.get(name), entry);
    for (const name of ['', '!', 'f00001x', 'zzz'] as ByteName[]) assert.equal(tree.get(name), undefined);
  });

  it('splits into nodes within the bounds, of 64 on average', () => {
    const leaves = leavesOf(buildFrom(modelOf(20_000)));
    for (const leaf of leaves.slice(0, -1)) assert.ok(leaf.length >= treeItemsMin && leaf.length <= treeItemsMax);
    const average = 20_000 / leaves.length;
    assert.ok(average > 56 && average < 72, `average ${average}`);
  });

  it('splits where a second reading of the rule says', () => {
    const names = [...modelOf(5_000).keys()];
    const expected: number[] = [];
    let count = 0;
    for (const name of names) {
      count += 1;
      if (!endsTreeNode({ level: 0, name, count }, context)) continue;
      expected.push(count);
      count = 0;
    }
    if (count > 0) expected.push(count);
    assert.deepEqual(leavesOf(buildFrom(modelOf(5_000))).map(({ length }) => length), expected);
  });

  it('refuses names out of order and changes under another name', () => {
    const entries = ['b', 'a'].map((name) => file(name as ByteName, 0));
    assert.throws(() => DirectoryTree.build(entries, context), { code: 'invalid' });
    assert.throws(() => DirectoryTree.build([entries[0]!, entries[0]!], context), { code: 'invalid' });
    const changes = new Map([['a' as ByteName, file('b' as ByteName, 0)]]);
    assert.throws(() => DirectoryTree.empty(context).update(changes, context), { code: 'invalid' });
  });

  it('orders names by bytes', () => {
    const names = ['A', 'Z', 'a', '\u00c3\u00a9', '\u00ff'] as ByteName[];
    const tree = DirectoryTree.build(names.map((name) => file(name, 0)), context);
    assert.deepEqual(Array.from(tree.entries(), ({ name }) => name), names);
  });
});

/** Updates, checks against a build of the model and that old and new nodes make up the new tree exactly. */
function checkUpdate(
  tree: DirectoryTree,
  changes: ReadonlyMap<ByteName, TreeEntry | undefined>,
  model: Map<ByteName, TreeEntry>,
): DirectoryTree {
  for (const [name, entry] of changes) {
    if (entry === undefined) model.delete(name);
    else model.set(name, entry);
  }
  const before = new Set(tree.nodes().map(({ id }) => id));
  const { tree: updated, objects } = tree.update(changes, context);
  const built = buildFrom(model);
  assert.equal(updated.root, built.root);
  assert.equal(updated.size, model.size);
  assert.deepEqual(updated.nodes(), built.nodes());
  const fresh = built.nodes().filter(({ id }) => !before.has(id));
  assert.deepEqual(sortById(objects), sortById(fresh));
  return updated;
}

function sortById(objects: readonly PlainObject[]): readonly PlainObject[] {
  return objects.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function buildFrom(model: ReadonlyMap<ByteName, TreeEntry>): DirectoryTree {
  return DirectoryTree.build([...model.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)), context);
}

function modelOf(size: number): Map<ByteName, TreeEntry> {
  return new Map(Array.from({ length: size }, (_, i) => [numbered(i), file(numbered(i), 0)]));
}

/** The leaves as a reader of the objects sees them, each inner node checked against its children. */
function leavesOf(tree: DirectoryTree): readonly (readonly TreeEntry[])[] {
  const objects = new Map(tree.nodes().map((object) => [object.id as TreeId, object]));
  const leaves: (readonly TreeEntry[])[] = [];
  const visit = (node: TreeNode): void => {
    if ('entries' in node) leaves.push(node.entries);
    else {
      for (const ref of node.nodes) {
        const child = decodeTreeNode(objects.get(ref.tree)!);
        checkTreeChild(child, { level: node.level, ref });
        visit(child);
      }
    }
  };
  visit(decodeTreeNode(objects.get(tree.root)!));
  return leaves;
}

function numbered(n: number): ByteName {
  return `f${String(n).padStart(5, '0')}` as ByteName;
}

function namesOf({ from, length }: { readonly from: number; readonly length: number }): ByteName[] {
  return Array.from({ length }, (_, i) => numbered(from + i));
}

function file(name: ByteName, version: number): TreeEntry {
  const chunks = [String(version).padStart(48, '0') as ChunkId];
  return { kind: 'file', name, mode: 0o644, mtimeNs: BigInt(version), size: 1, content: { kind: 'chunks', chunks } };
}

/** Split decisions are most of the hashing, and the same in every run. */
function remembering(plain: FormatContext): FormatContext {
  const known = new Map<string, Uint8Array>();
  const hmacSha256 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
    if (key !== plain.keys.split) return plain.hasher.hmacSha256(key, ...parts);
    const message = Buffer.concat(parts).toString('latin1');
    const hash = known.get(message) ?? plain.hasher.hmacSha256(key, ...parts);
    known.set(message, hash);
    return hash;
  };
  return { ...plain, hasher: { ...plain.hasher, hmacSha256 } };
}

function countingContext(): { readonly context: FormatContext; reset(): void; hashes(): number } {
  let hashes = 0;
  const { hasher } = context;
  const counting = {
    sha256: hasher.sha256,
    hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
      hashes += 1;
      return hasher.hmacSha256(key, ...parts);
    },
  };
  return {
    context: { ...context, hasher: counting },
    reset: () => {
      hashes = 0;
    },
    hashes: () => hashes,
  };
}
