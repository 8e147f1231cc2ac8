import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ObjectId } from '../../../protocol/ids.ts';
import { chunkBytesMax, segmentBytesMax, segmentObjectsMax, segmentPlainBytesTarget } from '../../../protocol/limits.ts';
import { testContext } from '../../testing/testContext.ts';
import type { ByteName } from '../byteString.ts';
import { encodeSegment } from './encodeSegment.ts';
import type { PlainSegment } from './encodeSegment.ts';
import { SegmentBuilder } from './segmentBuilder.ts';
import type { PlainObject } from './segmentTypes.ts';
import { isSensitiveName } from './sensitiveName.ts';

const zeros = new Uint8Array(chunkBytesMax);
const manyIds = Array.from({ length: 4096 }, (_, n) => `f${String(n).padStart(47, '0')}` as ObjectId);

describe('SegmentBuilder', () => {
  it('keeps every object once, in order, chunks apart from trees and sensitive ones apart from all', () => {
    const object = fc.record({
      kind: fc.constantFrom('chunk' as const, 'tree' as const, 'list' as const),
      bytes: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant(chunkBytesMax)),
      children: fc.constantFrom(0, 3, 4096),
      sensitive: fc.boolean(),
    });
    const property = fc.property(fc.array(object, { maxLength: 60 }), (recipe) => {
      const objects = recipe.map((each, i) => ({ object: make(i, each), sensitive: each.sensitive }));
      const builder = new SegmentBuilder();
      const segments = objects.map(({ object: each, sensitive }) => builder.add(each, { sensitive })).filter(isDefined);
      segments.push(...builder.finish());
      assert.deepEqual(builder.finish(), []);
      checkGroups(segments, objects);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('passes over an object that waits already', () => {
    const builder = new SegmentBuilder();
    const object = make(1, { kind: 'chunk', bytes: 10, children: 0 });
    builder.add(object);
    builder.add(object);
    assert.deepEqual(builder.finish(), [{ content: 'data', objects: [object] }]);
  });

  it('makes segments that can be encoded, also of lists, whose headers outweigh their bodies', async () => {
    const context = testContext();
    const builder = new SegmentBuilder();
    const segments: PlainSegment[] = [];
    for (let i = 0; i < 300; i++) {
      const complete = builder.add(make(i, { kind: 'list', bytes: 2000, children: 4096 }));
      if (complete !== undefined) segments.push(complete);
    }
    for (const segment of [...segments, ...builder.finish()]) {
      assert.ok((await encodeSegment(segment, context)).length < segmentBytesMax);
    }
  });

  it('closes a segment at the largest count', () => {
    const builder = new SegmentBuilder();
    const complete = Array.from({ length: segmentObjectsMax + 1 }, (_, i) =>
      builder.add(make(i, { kind: 'chunk', bytes: 1, children: 0 })),
    ).filter(isDefined);
    assert.deepEqual(complete.map(({ objects }) => objects.length), [segmentObjectsMax]);
  });
});

describe('isSensitiveName', () => {
  const cases: Readonly<Record<string, boolean>> = {
    '.env': true,
    '.env.local': true,
    'production.env': true,
    'server.PEM': true,
    'id_rsa': true,
    'id_ed25519.pub': true,
    'ca.crt': true,
    'credentials.json': true,
    '.npmrc': true,
    'vault.kdbx': true,
    'environment.ts': false,
    'keys.ts': false,
    'package.json': false,
    'monkey.txt': false,
  };
  for (const [name, want] of Object.entries(cases)) {
    it(`${want ? 'sets' : 'does not set'} ${name} apart`, () => assert.equal(isSensitiveName(name as ByteName), want));
  }
});

function checkGroups(
  segments: readonly PlainSegment[],
  objects: readonly { readonly object: PlainObject; readonly sensitive: boolean }[],
): void {
  const groupOf = new Map(
    objects.map(({ object, sensitive }) => [object.id, object.kind === 'chunk' ? String(sensitive) : 'trees']),
  );
  for (const { content, objects: held } of segments) {
    assert.equal(new Set(held.map(({ id }) => groupOf.get(id))).size, 1);
    assert.equal(content, held[0]!.kind === 'chunk' ? 'data' : 'trees');
    const bytes = held.reduce((sum, { body, children }) => sum + body.length + 24 * (1 + children.length), 0);
    assert.ok(held.length === 1 || bytes <= segmentPlainBytesTarget);
  }
  for (const group of new Set(groupOf.values())) {
    const wanted = objects.map(({ object }) => object.id).filter((id) => groupOf.get(id) === group);
    const held = segments.flatMap((segment) => segment.objects.map(({ id }) => id));
    assert.deepEqual(held.filter((id) => groupOf.get(id) === group), wanted);
  }
}

function make(
  i: number,
  { kind, bytes, children }: { readonly kind: PlainObject['kind']; readonly bytes: number; readonly children: number },
): PlainObject {
  const id = String(i).padStart(48, '0') as ObjectId;
  return { kind, id, children: manyIds.slice(0, kind === 'chunk' ? 0 : children), body: zeros.subarray(0, bytes) };
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
