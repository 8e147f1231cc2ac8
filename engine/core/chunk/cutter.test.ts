import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../../base/bytes.ts';
import { seededRandom } from '../../testing/seededRandom.ts';
import { testContext } from '../../testing/testContext.ts';
import { chunkBytesMax } from '../../../protocol/limits.ts';
import { chunkSizes } from './chunkSizes.ts';
import type { ChunkSizes } from './chunkSizes.ts';
import { Cutter } from './cutter.ts';

const { gear } = testContext().keys;
const small: ChunkSizes = { bytesMin: 64, bytesTarget: 256, bytesMax: 1024 };

describe('Cutter', () => {
  const contents = fc.oneof(
    fc.uint8Array({ maxLength: 6000 }),
    fc.nat({ max: 200_000 }).map((seed) => seededRandom(String(seed)).bytes(8000)),
    fc.nat({ max: 5000 }).map((length) => new Uint8Array(length)),
  );

  it('cuts the same places however the stream arrives, as a second reading of the rule says', () => {
    const property = fc.property(contents, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (bytes, steps) => {
      const chunks = cut(bytes, { sizes: small, steps });
      assert.deepEqual(chunks.map(({ length }) => length), lengthsByTheBook(bytes, small));
      assert.deepEqual(concatBytes(chunks), new Uint8Array(bytes));
      for (const chunk of chunks.slice(0, -1)) assert.ok(chunk.length > small.bytesMin && chunk.length <= small.bytesMax);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('makes no chunk of nothing and one of a file below the minimum', () => {
    assert.deepEqual(cut(new Uint8Array(0)), []);
    for (const length of [1, 1000, chunkSizes.bytesMin]) {
      const bytes = seededRandom('short').bytes(length);
      assert.deepEqual(cut(bytes), [bytes]);
    }
  });

  it('cuts the real sizes near their target', () => {
    const bytes = seededRandom('real').bytes(24 * 1024 * 1024);
    const chunks = cut(bytes, { sizes: chunkSizes, steps: [256 * 1024] });
    const average = bytes.length / chunks.length;
    assert.ok(average > 0.8 * chunkSizes.bytesTarget && average < 1.4 * chunkSizes.bytesTarget, `average ${average}`);
    assert.ok(chunkSizes.bytesMax <= chunkBytesMax);
  });

  it('keeps almost all chunks when bytes are inserted, changed or removed', () => {
    const bytes = seededRandom('edit').bytes(100_000);
    const before = new Set(cut(bytes, { sizes: small, steps: [4096] }).map(hex));
    for (const edited of [
      concatBytes([bytes.subarray(0, 50_000), Uint8Array.of(1), bytes.subarray(50_000)]),
      concatBytes([bytes.subarray(0, 50_000), bytes.subarray(50_001)]),
      concatBytes([Uint8Array.of(1), bytes]),
    ]) {
      const fresh = cut(edited, { sizes: small, steps: [4096] }).filter((chunk) => !before.has(hex(chunk)));
      assert.ok(fresh.length >= 1 && fresh.length <= 4, `${fresh.length} new chunks`);
    }
  });

  it('cuts elsewhere under another key', () => {
    const bytes = seededRandom('keys').bytes(50_000);
    const other = lengthsByTheBook(bytes, small, testContext('another').keys.gear);
    assert.notDeepEqual(other, lengthsByTheBook(bytes, small));
  });

  it('cuts a run of one byte at the maximum or at a fixed length, never one by one', () => {
    for (const byte of [0, 255]) {
      const lengths = cut(new Uint8Array(5000).fill(byte), { sizes: small, steps: [777] }).map(({ length }) => length);
      for (const length of lengths.slice(0, -1)) assert.ok(length > small.bytesMin);
    }
  });

  it('is ready for the next stream after finish, and its chunks are copies', () => {
    const cutter = new Cutter(gear, small);
    const bytes = seededRandom('again').bytes(3000);
    const runs = [1, 2].map(() => {
      const scratch = bytes.slice();
      const chunks = [...cutter.push(scratch)];
      scratch.fill(0);
      return [...chunks, cutter.finish()!];
    });
    assert.deepEqual(runs[0], runs[1]);
    assert.deepEqual(concatBytes(runs[0]!), bytes);
    assert.equal(cutter.finish(), undefined);
  });

  it('refuses sizes that make no sense', () => {
    for (const sizes of [
      { bytesMin: 0, bytesTarget: 256, bytesMax: 1024 },
      { bytesMin: 256, bytesTarget: 256, bytesMax: 1024 },
      { bytesMin: 64, bytesTarget: 1024, bytesMax: 1024 },
      { bytesMin: 64, bytesTarget: 300, bytesMax: 1024 },
    ]) {
      assert.throws(() => new Cutter(gear, sizes), { code: 'invalid' });
    }
  });
});

interface CutOptions {
  readonly sizes: ChunkSizes;
  /** Lengths of the pushes, over and over. */
  readonly steps: readonly number[];
}

function cut(bytes: Uint8Array, { sizes, steps }: CutOptions = { sizes: chunkSizes, steps: [65_536] }): Uint8Array[] {
  const cutter = new Cutter(gear, sizes);
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const step = steps[i % steps.length]!;
    chunks.push(...cutter.push(bytes.subarray(at, at + step)));
    at += step;
  }
  const last = cutter.finish();
  return last === undefined ? chunks : [...chunks, last];
}

/** docs/format.md § Chunking, written down once more without any care for speed. */
function lengthsByTheBook(bytes: Uint8Array, sizes: ChunkSizes, table: Uint32Array = gear): number[] {
  const bits = Math.log2(sizes.bytesTarget);
  const lengths: number[] = [];
  let start = 0;
  let hash = 0n;
  for (let i = 0; i < bytes.length; i++) {
    const length = i + 1 - start;
    let ends = length === sizes.bytesMax;
    if (length > sizes.bytesMin) {
      hash = (hash * 2n + BigInt(table[bytes[i]!]!)) % 2n ** 32n;
      const zeros = length <= sizes.bytesTarget ? bits + 2 : bits - 2;
      ends ||= hash < 2n ** BigInt(32 - zeros);
    }
    if (!ends) continue;
    lengths.push(length);
    start = i + 1;
    hash = 0n;
  }
  return start < bytes.length ? [...lengths, bytes.length - start] : lengths;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
