import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChunkId, ListId, ObjectId, TreeId } from '../../../protocol/ids.ts';
import { linkTargetBytesMax, nameBytesMax, nodeBodyBytesMax } from '../../../protocol/limits.ts';
import { testContext } from '../../testing/testContext.ts';
import type { ByteName } from '../byteString.ts';
import { encodeCanonical } from '../canonicalCbor.ts';
import type { CborValue } from '../canonicalCbor.ts';
import { objectId, verifyObject } from '../objectId.ts';
import { checkTreeChild, decodeTreeNode, encodeTreeNode } from './treeNode.ts';
import { treeItemsMax } from './treeSplit.ts';
import type { TreeEntry, TreeNode } from './treeTypes.ts';

const context = testContext();
const [a, b] = ['aa'.repeat(24), 'bb'.repeat(24)] as [ChunkId, ChunkId];
const name = new Uint8Array([110]);

describe('tree nodes', () => {
  const ids = fc.constantFrom(...Array.from({ length: 6 }, (_, i) => String(i).repeat(48)));
  const names = fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((bytes) => String.fromCharCode(...bytes).replace(/[/\0]/g, '_') as ByteName)
    .filter((text) => (text as string) !== '.' && (text as string) !== '..');
  const common = fc.record({
    name: names,
    mode: fc.option(fc.integer({ min: 0, max: 0o7777 }), { nil: undefined }),
    mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  });
  const chunks = fc.array(ids, { maxLength: 8 }).chain((list) =>
    fc.record({
      kind: fc.constant('file' as const),
      size: list.length === 0 ? fc.constant(0) : fc.maxSafeNat().map((size) => Math.max(size, list.length)),
      content: fc.constant({ kind: 'chunks' as const, chunks: list as ChunkId[] }),
    }),
  );
  const list = fc.record({
    kind: fc.constant('file' as const),
    size: fc.integer({ min: 9, max: 2 ** 40 }),
    content: ids.map((id) => ({ kind: 'list' as const, list: id as ListId })),
  });
  const directory = fc.record({ kind: fc.constant('directory' as const), tree: ids.map((id) => id as TreeId) });
  const link = fc.record({
    kind: fc.constant('symlink' as const),
    target: fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes).replaceAll('\0', '/')),
  });
  const entry: fc.Arbitrary<TreeEntry> = fc
    .tuple(common, fc.oneof(chunks, list, directory, link))
    .map(([head, rest]) => ({ ...head, ...rest }));

  it('come back as they were, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: (each) => each.name, maxLength: 30 }), (unsorted) => {
        const entries = unsorted.toSorted((x, y) => (x.name < y.name ? -1 : 1));
        const object = encodeTreeNode({ level: 0, entries }, context);
        verifyObject(object, context);
        assert.deepEqual(decodeTreeNode(object), { level: 0, entries });
      }),
    );
  });

  it('name each child once, in order of first reference', () => {
    const entries = [
      file('a', [b, a, b]),
      { ...file('b', []), kind: 'directory' as const, tree: a as string as TreeId },
    ] as TreeEntry[];
    const object = encodeTreeNode({ level: 0, entries }, context);
    assert.deepEqual(object.children, [b, a]);
    assert.deepEqual(decodeTreeNode(object), { level: 0, entries: entries.map(stripExtra) });
  });

  it('have an id that binds body and children', () => {
    const object = encodeTreeNode({ level: 0, entries: [file('a', [a, b])] }, context);
    assert.throws(() => verifyObject({ ...object, children: [b, a] }, context), { code: 'corrupt' });
    assert.throws(() => verifyObject({ ...object, children: [a] }, context), { code: 'corrupt' });
    assert.throws(() => verifyObject({ ...object, kind: 'list' }, context), { code: 'corrupt' });
    assert.throws(() => verifyObject({ ...object, body: object.body.subarray(1) }, context), { code: 'corrupt' });
  });

  it('fit the largest node there can be', () => {
    const entries = Array.from({ length: treeItemsMax }, (_, i): TreeEntry => ({
      kind: 'symlink',
      name: String(i).padStart(nameBytesMax, '0') as ByteName,
      mode: 0o777,
      mtimeNs: 2n ** 62n,
      target: 'x'.repeat(linkTargetBytesMax),
    }));
    const object = encodeTreeNode({ level: 0, entries }, context);
    assert.ok(object.body.length < nodeBodyBytesMax);
    assert.deepEqual(decodeTreeNode(object), { level: 0, entries });
  });

  it('refuse to hold what no reader would take', () => {
    const good = file('a', [a]);
    for (const bad of [
      { ...good, name: '' },
      { ...good, name: '.' },
      { ...good, name: '..' },
      { ...good, name: 'a/b' },
      { ...good, name: 'a\0b' },
      { ...good, name: '\u0100' },
      { ...good, name: 'x'.repeat(nameBytesMax + 1) },
      { ...good, mode: -1 },
      { ...good, mode: 0o10000 },
      { ...good, mode: 1.5 },
      { ...good, mtimeNs: 2n ** 63n },
      { ...good, size: 0 },
      { ...good, size: -1 },
      { ...good, size: 2 ** 53 },
      { ...good, content: { kind: 'chunks', chunks: Array.from({ length: 9 }, () => a) }, size: 20 },
      { kind: 'symlink', name: 'l', mode: undefined, mtimeNs: 0n, target: 'x'.repeat(linkTargetBytesMax + 1) },
      { kind: 'symlink', name: 'l', mode: undefined, mtimeNs: 0n, target: 'a\0b' },
    ]) {
      const node = { level: 0, entries: [bad as TreeEntry] } as TreeNode;
      assert.throws(() => encodeTreeNode(node, context), { code: 'invalid' }, JSON.stringify(bad, (_, v: unknown) => String(v)));
    }
  });

  it('are checked against the node above', () => {
    const node: TreeNode = { level: 0, entries: [file('a', [a]), file('b', [b])] };
    const ref = { first: 'a' as ByteName, tree: a as string as TreeId, entries: 2 };
    assert.doesNotThrow(() => checkTreeChild(node, { level: 1, ref }));
    for (const above of [
      { level: 2, ref },
      { level: 1, ref: { ...ref, entries: 3 } },
      { level: 1, ref: { ...ref, first: 'b' as ByteName } },
    ]) {
      assert.throws(() => checkTreeChild(node, above), { code: 'invalid' });
    }
  });
});

describe('decodeTreeNode', () => {
  const good = [0, name, 0o644, 5, 1, [0]];
  const refused: Readonly<Record<string, [CborValue, readonly ObjectId[]]>> = {
    'an unknown kind of entry': [[0, [[4, name, null, 0, 0]]], [a]],
    'an entry too short': [[0, [[0, name, null, 0]]], []],
    'an entry with a stray part': [[0, [[...good, 1]]], [a]],
    'an empty extension map': [[0, [[...good, {}]]], [a]],
    'a mandatory extension': [[0, [[...good, { '!acl': 1 }]]], [a]],
    'two extension maps': [[0, [[...good, { x: 1 }, { x: 1 }]]], [a]],
    'names out of order': [[0, [[3, new Uint8Array([98]), null, 0, name], [3, new Uint8Array([97]), null, 0, name]]], []],
    'a name twice': [[0, [[3, name, null, 0, name], [3, name, null, 0, name]]], []],
    'a name as text': [[0, [[3, 'n', null, 0, name]]], []],
    'a time as a float': [[0, [[3, name, null, 0.5, name]]], []],
    'a time beyond 64 bits': [[0, [[3, name, null, 2n ** 63n, name]]], []],
    'a position beyond': [[0, [[2, name, null, 0, 1]]], [a]],
    'an unused child': [[0, [good]], [a, b]],
    'a child twice': [[0, [[0, name, null, 0, 2, [0, 1]]]], [a, a]],
    'a file with a size and no chunks': [[0, [[0, name, null, 0, 1, []]]], []],
    'a short file with a list': [[0, [[1, name, null, 0, 8, 0]]], [a]],
    'nine chunks without a list': [[0, [[0, name, null, 0, 9, Array.from({ length: 9 }, () => 0)]]], [a]],
    'an inner node of nothing': [[1, []], []],
    'an inner item of nothing': [[1, [[name, 0, 0]]], [a]],
    'an inner item with a stray part': [[1, [[name, 0, 1, 1]]], [a]],
    'a level too many': [[8, [[name, 0, 1]]], [a]],
    'too many items': [[0, Array.from({ length: treeItemsMax + 1 }, (_, i) => [3, number(i), null, 0, name])], []],
    'a third part': [[0, [], 0], []],
  };
  for (const [what, [body, children]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => assert.throws(() => decode(encodeCanonical(body), children), { code: 'invalid' }));
  }

  it('passes over extensions that a later version adds without need', () => {
    const node = decode(encodeCanonical([0, [[...good, { color: 'red' }]]]), [a]);
    assert.deepEqual(node, { level: 0, entries: [{ ...file('n', [a]), mtimeNs: 5n }] });
  });

  const notCanonical = {
    'a longer head than needed': '82180080',
    'an array of indefinite length': '9f0080ff',
    'a tag': 'c1820080',
    'bytes after the end': '82008000',
    'undefined': '8200f7',
    'nothing': '',
    'deep nesting': `${'81'.repeat(1000)}80`,
    'very deep nesting': `${'81'.repeat(500_000)}80`,
    'a lying length': '9affffffff00',
    'a lying byte string': '82008184035affffffff',
  };
  for (const [what, hex] of Object.entries(notCanonical)) {
    it(`refuses CBOR with ${what}`, () => {
      assert.throws(() => decode(new Uint8Array(Buffer.from(hex, 'hex')), []), { code: 'invalid' });
    });
  }
});

function decode(body: Uint8Array, children: readonly ObjectId[]): TreeNode {
  const content = { kind: 'tree', children, body } as const;
  return decodeTreeNode({ ...content, id: objectId(content, context) });
}

function number(n: number): Uint8Array {
  return new Uint8Array([n >> 8, n & 0xff]);
}

function file(text: string, chunks: readonly ChunkId[]): TreeEntry {
  const content = { kind: 'chunks', chunks } as const;
  return { kind: 'file', name: text as ByteName, mode: 0o644, mtimeNs: 0n, size: chunks.length, content };
}

function stripExtra(entry: TreeEntry): TreeEntry {
  if (entry.kind !== 'directory') return entry;
  return { kind: 'directory', name: entry.name, mode: entry.mode, mtimeNs: entry.mtimeNs, tree: entry.tree };
}
