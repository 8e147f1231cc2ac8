import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderDocument } from './renderDocument.ts';

test('a document becomes lines, records become tables', () => {
  const text = renderDocument({
    kind: 'tree',
    empty: [],
    missing: null,
    header: { n: 1, parents: ['a', 'b'] },
    entries: [
      { name: 'a', size: 1 },
      { name: 'long', target: 'x' },
    ],
    segments: [{ kind: 'segment', objects: [{ id: '1' }] }],
  });
  assert.equal(
    text,
    `kind: tree
empty: none
missing: -
header:
  n: 1
  parents:
    a
    b
entries:
  name  size  target
  a     1     -
  long  -     x
segments:
  - kind: segment
    objects:
      id
      1`,
  );
});
