import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChunkId, ListId, ObjectId } from '../../../protocol/ids.ts';
import { chunkBytesMax } from '../../../protocol/limits.ts';
import { testContext } from '../../testing/testContext.ts';
import { encodeCanonical } from '../canonicalCbor.ts';
import type { CborValue } from '../canonicalCbor.ts';
import { objectId, verifyObject } from '../objectId.ts';
import { buildList, ListBuilder } from './buildList.ts';
import { checkListChild, decodeListNode, endsListNode, listItemsMax, listItemsMin, listTotals } from './listNode.ts';
import { isListLeaf } from './listTypes.ts';
import type { ListedChunk, ListNode } from './listTypes.ts';

const context = testContext();

describe('buildList', () => {
  it('names the same chunks in the same order, at every size', () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constantFrom(63, 64, 65, 1023, 1024, 1025, 20_000));
    const distinct = fc.constantFrom(1, 2, 50, 100_000);
    fc.assert(
      fc.property(sizes, distinct, (count, kinds) => {
        const chunks = Array.from({ length: count }, (_, i) => chunk(i % kinds));
        const { list, objects } = buildList(chunks, context);
        assert.deepEqual(readAll(list, objects), chunks);
        for (const object of objects) verifyObject(object, context);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps most nodes when chunks are inserted', () => {
    const chunks = Array.from({ length: 10_000 }, (_, i) => chunk(i));
    const before = new Set(buildList(chunks, context).objects.map(({ id }) => id));
    const edited = chunks.toSpliced(5000, 1, chunk(1_000_001), chunk(1_000_002));
    const fresh = buildList(edited, context).objects.filter(({ id }) => !before.has(id));
    assert.ok(fresh.length <= 5, `${fresh.length} new nodes of ${before.size}`);
  });

  it('stays within the bounds, with 256 items on average', () => {
    const lengths = leaves(Array.from({ length: 60_000 }, (_, i) => chunk(i)));
    for (const length of lengths.slice(0, -1)) assert.ok(length >= listItemsMin && length <= listItemsMax);
    const average = 60_000 / lengths.length;
    assert.ok(average > 215 && average < 300, `average ${average}`);
  });

  it('bounds nodes of one chunk over and over', () => {
    const lengths = leaves(Array.from({ length: 5000 }, () => chunk(1)));
    assert.ok(Math.max(...lengths) <= listItemsMax);
    assert.ok(new Set(lengths).size <= 2);
  });

  it('refuses a list of nothing', () => {
    assert.throws(() => buildList([], context), { code: 'invalid' });
    assert.throws(() => new ListBuilder(context).finish(), { code: 'invalid' });
  });

  it('splits by the first 32 bits of the id', () => {
    const below = '01554fff'.padEnd(48, 'f') as ChunkId;
    const above = '01555555'.padEnd(48, '0') as ChunkId;
    assert.ok(endsListNode(below, 64) && !endsListNode(below, 63));
    assert.ok(!endsListNode(above, 64) && endsListNode(above, 1024));
  });
});

describe('decodeListNode', () => {
  const [a, b] = [chunk(1).id, chunk(2).id];
  const refused: Readonly<Record<string, [CborValue, readonly ObjectId[]]>> = {
    'no items': [[0, []], []],
    'a level too many': [[8, [[0, 5, 5]]], [a]],
    'a level below 0': [[-1, [[0, 5]]], [a]],
    'an empty chunk': [[0, [[0, 0]]], [a]],
    'a chunk too long': [[0, [[0, chunkBytesMax + 1]]], [a]],
    'a position beyond': [[0, [[1, 5]]], [a]],
    'a position out of order': [[0, [[1, 5], [0, 5]]], [a, b]],
    'an unused child': [[0, [[0, 5]]], [a, b]],
    'a child twice': [[0, [[0, 5], [1, 5]]], [a, a]],
    'items of a leaf above': [[1, [[0, 5]]], [a]],
    'items of an inner node in a leaf': [[0, [[0, 5, 1]]], [a]],
    'fewer bytes than chunks': [[1, [[0, 5, 6]]], [a]],
    'more bytes than chunks can hold': [[1, [[0, chunkBytesMax + 1, 1]]], [a]],
    'nothing beneath': [[1, [[0, 0, 0]]], [a]],
    'too many items': [[0, Array.from({ length: listItemsMax + 1 }, () => [0, 5])], [a]],
    'too many bytes': [[1, Array.from({ length: 3 }, () => [0, 2 ** 52, 2 ** 40])], [a]],
    'a third part': [[0, [[0, 5]], 1], [a]],
    'a float': [[0, [[0, 5.5]]], [a]],
    'no array': [{ level: 0 }, []],
  };
  for (const [what, [body, children]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      const content = { kind: 'list', children, body: encodeCanonical(body) } as const;
      assert.throws(() => decodeListNode({ ...content, id: objectId(content, context) }), { code: 'invalid' });
    });
  }

  it('refuses other kinds of objects', () => {
    const object = buildList([chunk(1)], context).objects[0]!;
    assert.throws(() => decodeListNode({ ...object, kind: 'tree' }), { code: 'invalid' });
  });

  it('lets a reader find a node that is not what the one above says', () => {
    const node: ListNode = { level: 0, chunks: [chunk(1), chunk(2)] };
    const ref = { list: chunk(9).id as string as ListId, ...listTotals(node) };
    assert.doesNotThrow(() => checkListChild(node, { level: 1, ref }));
    for (const above of [
      { level: 2, ref },
      { level: 1, ref: { ...ref, bytes: ref.bytes + 1 } },
      { level: 1, ref: { ...ref, chunks: 3 } },
    ]) {
      assert.throws(() => checkListChild(node, above), { code: 'invalid' });
    }
  });
});

function chunk(n: number): ListedChunk {
  const id = Buffer.from(context.hasher.sha256(Buffer.from(String(n))).subarray(0, 24)).toString('hex') as ChunkId;
  return { id, bytes: 1 + (n % 1000) };
}

function readAll(list: ListId, objects: readonly { readonly id: ObjectId }[]): readonly ListedChunk[] {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const read = (id: ListId): readonly ListedChunk[] => {
    const node = decodeListNode(byId.get(id) as never);
    if (isListLeaf(node)) return node.chunks;
    return node.nodes.flatMap((ref) => {
      checkListChild(decodeListNode(byId.get(ref.list) as never), { level: node.level, ref });
      return read(ref.list);
    });
  };
  return read(list);
}

/** Lengths of the leaves in order. */
function leaves(chunks: readonly ListedChunk[]): readonly number[] {
  return buildList(chunks, context).objects.map(decodeListNode).filter(isListLeaf).map((leaf) => leaf.chunks.length);
}
