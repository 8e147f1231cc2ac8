import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable, unprintablePattern } from './printable.ts';

test('what commands a terminal is shown as its bytes', () => {
  assert.equal(printable('a\u001b[2Jb'), 'a\\x1b[2Jb');
  assert.equal(printable('\u009b31m'), '\\xc2\\x9b31m');
  assert.equal(printable('one\r\ntwo\u2028three\u007f'), 'one\\x0d\\x0atwo\\xe2\\x80\\xa8three\\x7f');
});

test('what turns the direction of text is shown as its bytes', () => {
  assert.equal(printable('gpj.\u202eexe'), 'gpj.\\xe2\\x80\\xaeexe');
});

test('all other text stays as it is, and nothing that must not be shown is left', () => {
  assert.equal(printable('Zoë – 日本語 👩‍💻'), 'Zoë – 日本語 👩‍💻');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = printable(text);
      assert.ok(!unprintablePattern.test(shown));
      if (!unprintablePattern.test(text)) assert.equal(shown, text);
    }),
  );
});
