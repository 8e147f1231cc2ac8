import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concatBytes, toHex } from '../../../base/bytes.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { chunkBytesMax, segmentBytesMax, segmentObjectsMax, segmentPlainBytesMax } from '../../../protocol/limits.ts';
import { nodeCompressor } from '../../platform/nodeCompressor.ts';
import { seededRandom } from '../../testing/seededRandom.ts';
import { testContext } from '../../testing/testContext.ts';
import { chunkId, chunkObject } from '../chunk/chunkId.ts';
import type { FormatContext } from '../formatContext.ts';
import { deriveKeys } from '../keys/deriveKeys.ts';
import { objectId } from '../objectId.ts';
import type { CodecName } from './codec.ts';
import { decodeSegmentHeader, openSegment } from './decodeSegment.ts';
import { encodeSegment } from './encodeSegment.ts';
import type { PlainSegment } from './encodeSegment.ts';
import { encodeSegmentHeader } from './segmentHeader.ts';
import type { PlainObject, SegmentHeader } from './segmentTypes.ts';

const context = testContext();

describe('segments', () => {
  for (const codec of ['stored', 'zstd', 'deflate'] as const) {
    it(`come back as they were with codec ${codec}`, async () => {
      const writing = withCodec(codec);
      const bodies = fc.uniqueArray(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 500 }), text()), {
        minLength: 1,
        maxLength: 20,
        selector: toHex,
      });
      const property = fc.asyncProperty(bodies, fc.boolean(), async (parts, trees) => {
        const segment: PlainSegment = trees
          ? { content: 'trees', objects: parts.map((body, i) => node(body, i)) }
          : { content: 'data', objects: parts.map(chunk) };
        const bytes = await encodeSegment(segment, writing);
        const header = decodeSegmentHeader(bytes);
        assert.equal(header.headerBytes + header.storedBytes, bytes.length);
        assert.equal(header.content, segment.content);
        assert.deepEqual(header.objects, segment.objects.map(({ kind, id, children }) => ({ kind, id, children })));
        assert.deepEqual(await openSegment(bytes, context), segment.objects);
      });
      await fc.assert(property, { numRuns: 30 });
    });
  }

  it('are stored as they are when compression does not help', async () => {
    const bytes = await encodeSegment({ content: 'data', objects: [chunk(seededRandom('r').bytes(5000))] }, context);
    assert.equal(decodeSegmentHeader(bytes).codec, 'stored');
    const zeros = await encodeSegment({ content: 'data', objects: [chunk(new Uint8Array(100_000))] }, context);
    assert.equal(decodeSegmentHeader(zeros).codec, context.compressor.preferred);
    assert.ok(zeros.length < 1000);
  });

  it('are sealed differently every time', async () => {
    const [one, two] = [await sample(), await sample()];
    assert.notDeepEqual(one, two);
    assert.notDeepEqual(decodeSegmentHeader(one).salt, decodeSegmentHeader(two).salt);
  });

  it('notice every altered byte', async () => {
    const bytes = await sample();
    for (let at = 0; at < bytes.length; at++) {
      const altered = bytes.slice();
      altered[at]! ^= 1 << at % 8;
      await assert.rejects(openSegment(altered, context), isExpected, `byte ${at}`);
    }
  });

  it('notice being cut or lengthened at every byte', async () => {
    const bytes = await sample();
    for (let length = 0; length < bytes.length; length++) {
      await assert.rejects(openSegment(bytes.subarray(0, length), context), { code: 'corrupt' });
    }
    await assert.rejects(openSegment(concatBytes([bytes, new Uint8Array(1)]), context), { code: 'corrupt' });
  });

  it('hold objects that match their ids', async () => {
    const wrong = { ...chunk(Uint8Array.of(1)), body: Uint8Array.of(2) };
    await assert.rejects(openSegment(await encodeSegment({ content: 'data', objects: [wrong] }, context), context), {
      code: 'corrupt',
    });
    const tree = node(Uint8Array.of(1), 0);
    const lying = { ...tree, children: [...tree.children, 'cc'.repeat(24) as ObjectId] };
    await assert.rejects(openSegment(await encodeSegment({ content: 'trees', objects: [lying] }, context), context), {
      code: 'corrupt',
    });
  });

  it('open with the keys of their epoch, and say so when the ring lacks them', async () => {
    const bytes = await sample();
    const sealMasters = [...context.ring.sealMasters, { epoch: 2, key: new Uint8Array(32) }];
    const rotated = { ...context, keys: deriveKeys({ ...context.ring, sealMasters }, context.hasher) };
    assert.equal((await openSegment(bytes, rotated)).length, 3);
    const newer = await encodeSegment({ content: 'data', objects: [chunk(Uint8Array.of(1))] }, rotated);
    assert.equal(decodeSegmentHeader(newer).epoch, 2);
    await assert.rejects(openSegment(newer, context), { code: 'denied' });
    await assert.rejects(openSegment(bytes, testContext('stranger')), { code: 'corrupt' });
  });

  it('stay within the bounds', async () => {
    const half = chunkBytesMax;
    const objects = ['a', 'b', 'c'].map((seed) => chunk(seededRandom(seed).bytes(half)));
    await assert.rejects(encodeSegment({ content: 'data', objects }, context), { code: 'limit' });
    const full = await encodeSegment({ content: 'data', objects: objects.slice(0, 2) }, context);
    assert.ok(full.length > segmentPlainBytesMax && full.length < segmentBytesMax);
    assert.equal((await openSegment(full, context)).length, 2);
    const many = Array.from({ length: segmentObjectsMax + 1 }, (_, i) => chunkObject(String(i).padStart(48, '0') as never, Uint8Array.of(1)));
    await assert.rejects(encodeSegment({ content: 'data', objects: many }, context), { code: 'limit' });
  });

  it('expand no further than their header says', async () => {
    const bomb = await context.compressor.compress('deflate', new Uint8Array(segmentPlainBytesMax));
    const header = { ...headerOf([chunk(Uint8Array.of(1))]), codec: 'deflate', plainBytes: 100_000, storedBytes: bomb.length + 16 } as const;
    await assert.rejects(openSegment(seal(header, bomb), context), { code: 'corrupt' });
  });

  const one = chunk(Uint8Array.of(1, 2, 3));
  const lyingBodies = {
    'a length too long': [0, 0, 0, 4, 1, 2, 3],
    'a length too short': [0, 0, 0, 2, 1, 2, 3],
    'an enormous length': [255, 255, 255, 255, 1, 2, 3],
  };
  for (const [what, body] of Object.entries(lyingBodies)) {
    it(`refuse ${what} within the sealed body`, async () => {
      const header = { ...headerOf([one]), plainBytes: body.length, storedBytes: body.length + 16 };
      await assert.rejects(openSegment(seal(header, Uint8Array.from(body)), context), { code: 'corrupt' });
    });
  }
});

describe('decodeSegmentHeader', () => {
  const plain = headerOf([chunk(Uint8Array.of(1, 2, 3))]);
  const good = encodeSegmentHeader(plain);

  it('needs no more than the header, and no keys', () => {
    const { headerBytes, ...rest } = decodeSegmentHeader(good);
    assert.equal(headerBytes, good.length);
    assert.deepEqual(rest, { ...plain, objects: plain.objects.map(({ kind, id, children }) => ({ kind, id, children })) });
    for (let length = 0; length < good.length; length++) {
      assert.throws(() => decodeSegmentHeader(good.subarray(0, length)), { code: 'invalid' });
    }
  });

  it('passes over flags that may be passed over', () => {
    const flagged = good.slice();
    flagged[5] = 0xf0;
    assert.equal(decodeSegmentHeader(flagged).content, 'data');
  });

  const id = 'ab'.repeat(24) as ObjectId;
  const tree = (children: readonly ObjectId[]): SegmentHeader['objects'] => [{ kind: 'tree', id, children }];
  const altered: Readonly<Record<string, Uint8Array>> = {
    'another magic': patch(good, 0, [0x50, 0x4b]),
    'a later version': patch(good, 4, [2]),
    'unknown mandatory flags': patch(good, 5, [2]),
    'an unknown codec': patch(good, 6, [3]),
    'a reserved byte that is used': patch(good, 7, [1]),
    'an epoch of 0': patch(good, 8, [0, 0, 0, 0]),
    'plain bytes beyond the limit': patch(good, 44, [0xff, 0xff, 0xff, 0xff]),
    'stored bytes beyond the limit': patch(good, 48, [0xff, 0xff, 0xff, 0xff]),
    'stored bytes that do not fit': patch(good, 48, [0, 0, 0, 99]),
    'no objects': patch(good, 52, [0, 0, 0, 0]),
    'too many objects': patch(good, 52, [0, 0, 0x40, 1]),
    'an enormous count': patch(good, 52, [0xff, 0xff, 0xff, 0xff]),
    'an unknown kind': patch(good, 56, [4]),
    'data among trees': patch(good, 5, [1]),
    'an object twice': encodeSegmentHeader({ ...plain, plainBytes: 20, storedBytes: 36, objects: [plain.objects[0]!, plain.objects[0]!] }),
    'a child twice': encodeSegmentHeader({ ...plain, content: 'trees', objects: tree([id, id]) }),
    'a lying number of children': patch(encodeSegmentHeader({ ...plain, content: 'trees', objects: tree([id]) }), 81, [0x0f, 0xff]),
    'too many children': patch(encodeSegmentHeader({ ...plain, content: 'trees', objects: tree([id]) }), 81, [0xff, 0xff]),
    'more compressed than plain': encodeSegmentHeader({ ...plain, codec: 'zstd', plainBytes: 7, storedBytes: 23 }),
    'nothing compressed': encodeSegmentHeader({ ...plain, codec: 'zstd', storedBytes: 16 }),
  };
  for (const [what, bytes] of Object.entries(altered)) {
    it(`refuses ${what}`, () => assert.throws(() => decodeSegmentHeader(bytes), { code: 'invalid' }));
  }
});

function isExpected(error: unknown): boolean {
  const { code, details } = error as { readonly code: string; readonly details: object };
  return code === 'corrupt' || code === 'denied' || (code === 'invalid' && 'unsupported' in details);
}

async function sample(): Promise<Uint8Array> {
  const objects = ['one', 'two', 'three'].map((word, i) => node(Buffer.from(word.repeat(10)), i));
  return encodeSegment({ content: 'trees', objects }, context);
}

function text(): fc.Arbitrary<Uint8Array> {
  return fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }).map((part) => new Uint8Array(Buffer.from(part.repeat(50))));
}

function chunk(body: Uint8Array): PlainObject {
  return chunkObject(chunkId(body, context), new Uint8Array(body));
}

/** Any body does: a segment does not look into trees. */
function node(body: Uint8Array, index: number): PlainObject {
  const children = Array.from({ length: index % 4 }, (_, i) => String(i).repeat(48) as ObjectId);
  const content = { kind: index % 2 === 0 ? 'tree' : 'list', children, body: new Uint8Array(body) } as const;
  return { ...content, id: objectId(content, context) };
}

function withCodec(preferred: CodecName): FormatContext {
  return { ...context, compressor: { ...nodeCompressor(), preferred } };
}

function headerOf(objects: readonly PlainObject[]): Omit<SegmentHeader, 'headerBytes'> {
  const plainBytes = objects.reduce((sum, { body }) => sum + 4 + body.length, 0);
  const salt = new Uint8Array(32).fill(7);
  return { content: 'data', codec: 'stored', epoch: 1, salt, plainBytes, storedBytes: plainBytes + 16, objects };
}

function seal(header: Omit<SegmentHeader, 'headerBytes'>, body: Uint8Array): Uint8Array {
  const aad = encodeSegmentHeader(header);
  return concatBytes([aad, context.sealer.seal(context.hasher.hmacSha256(context.keys.seal(1), header.salt), aad, body)]);
}

function patch(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const patched = bytes.slice();
  patched.set(values, at);
  return patched;
}
