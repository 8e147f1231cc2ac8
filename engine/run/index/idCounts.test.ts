import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../../../base/bytes.ts';
import { IdCounts } from './idCounts.ts';

/** Ids of which many share their first bytes, and so their place in the table. */
const id = fc.tuple(fc.constantFrom('00000000', '00000001', 'ffffffff', '3f000000', '40000000'), fc.nat(40)).map(([start, rest]) => start + rest.toString(16).padStart(40, '0'));

test('counts as a map does, in any order of adding and removing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('add', 'addBytes', 'remove', 'remove'), id), { maxLength: 400 }), (steps) => {
      const counts = new IdCounts();
      const model = new Map<string, number>();
      for (const [step, each] of steps) {
        const before = model.get(each) ?? 0;
        const after = step === 'remove' ? Math.max(0, before - 1) : before + 1;
        if (after === 0) model.delete(each);
        else model.set(each, after);
        const answer = step === 'remove' ? counts.remove(each) : step === 'add' ? counts.add(each) : counts.addBytes(fromHex(each), 0);
        assert.equal(answer, after);
        assert.equal(counts.size, model.size);
      }
      for (const [, each] of steps) assert.equal(counts.has(each), model.has(each));
    }),
    { numRuns: 500 },
  );
});

test('grows to a hundred thousand ids and forgets them all', () => {
  const counts = new IdCounts();
  const ids = Array.from({ length: 100_000 }, (_, i) => Math.imul(i + 1, 2_654_435_761).toString(16).replace('-', '').padStart(8, '0') + i.toString(16).padStart(40, '0'));
  for (const each of ids) counts.add(each);
  assert.equal(counts.size, ids.length);
  for (const each of ids) assert.equal(counts.remove(each), 0);
  assert.equal(counts.size, 0);
  assert.ok(!counts.has(ids[5]!));
});
