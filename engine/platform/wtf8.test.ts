import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textFromWtf8, wtf8FromText } from './wtf8.ts';

const anyUnits = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 20 }).map((units) => String.fromCharCode(...units));

test('any sequence of UTF-16 units survives', () => {
  fc.assert(fc.property(anyUnits, (text) => assert.equal(textFromWtf8(wtf8FromText(text)), text)), { numRuns: 2_000 });
});

test('well-formed text is plain UTF-8', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(wtf8FromText(text), Buffer.from(text).toString('latin1'))), { numRuns: 2_000 });
});

test('bytes are either refused or the one form of their text', () => {
  const nearly = fc.array(fc.constantFrom(0x41, 0x80, 0xa0, 0xb0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff), { maxLength: 8 });
  fc.assert(
    fc.property(fc.oneof(nearly, fc.array(fc.nat(255))), (bytes) => {
      const name = String.fromCharCode(...bytes);
      const text = textFromWtf8(name);
      if (text !== undefined) assert.equal(wtf8FromText(text), name);
    }),
    { numRuns: 5_000 },
  );
});

test('refuses what is no WTF-8', () => {
  for (const hex of ['80', 'c0af', 'e08080', 'f0808080', 'f4908080', 'ff', 'c3', 'e282', 'eda080edb080']) {
    assert.equal(textFromWtf8(Buffer.from(hex, 'hex').toString('latin1')), undefined, hex);
  }
  assert.equal(textFromWtf8('\u00ed\u00a0\u0080'), '\ud800');
});
