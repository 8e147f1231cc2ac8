import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { StoredSegment } from './metadataReads.ts';
import { planRuns, readSegments } from './readSegments.ts';

function inVolume(volume: string, offset: number, bytes: number): StoredSegment {
  return { sha256: new Uint8Array(32), bytes, place: { kind: 'volume', volume, offset } };
}

describe('readSegments', () => {
  test('reads neighbours in a volume in one go, and far ones apart', () => {
    const segments = [inVolume('b', 0, 10), inVolume('a', 1_000_000, 10), inVolume('a', 100, 10), inVolume('a', 0, 50)];
    assert.deepEqual(planRuns(segments).map(({ volume, from, to }) => [volume, from, to]), [['a', 0, 110], ['a', 1_000_000, 1_000_010], ['b', 0, 10]]);
  });

  test('never reads much at once, however near the segments are', () => {
    const mib = 1024 * 1024;
    const runs = planRuns(Array.from({ length: 10 }, (_, i) => inVolume('a', i * 4 * mib, 4 * mib)));
    assert.ok(runs.every(({ from, to }) => to - from <= 8 * mib) && runs.length === 5);
  });

  test('gives every segment its own bytes, in the order asked', async () => {
    const place = fc.record({ offset: fc.nat(3_000_000), bytes: fc.integer({ min: 1, max: 2_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(place, { maxLength: 30 }), async (places) => {
        const disk = { read: async (_: string, at: number, length: number) => Uint8Array.from({ length }, (__, i) => ((at + i) * 31) & 0xff) };
        const segments = places.map(({ offset, bytes }) => inVolume('a', offset, bytes));
        const read = await readSegments(segments, { disk, onFault: (volume) => assert.fail(volume) });
        for (const [i, { offset, bytes }] of places.entries()) {
          assert.deepEqual(read[i], Uint8Array.from({ length: bytes }, (_, k) => ((offset + k) * 31) & 0xff));
        }
      }),
      { numRuns: 50 },
    );
  });

  test('tells of what cannot be read and gives the rest', async () => {
    const disk = {
      read: async (volume: string, at: number, length: number) => {
        if (volume === 'gone') throw new Error('no such volume');
        return new Uint8Array(volume === 'short' ? Math.min(length, 5 - at) : length);
      },
    };
    const faults: string[] = [];
    const segments = [inVolume('gone', 0, 10), inVolume('a', 0, 10), inVolume('short', 0, 5), inVolume('short', 5, 10)];
    const read = await readSegments(segments, { disk, onFault: (volume) => faults.push(volume) });
    assert.deepEqual(read.map((bytes) => bytes?.length), [undefined, 10, 5, undefined]);
    assert.deepEqual(faults, ['gone', 'short']);
  });
});
