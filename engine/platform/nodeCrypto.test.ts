import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeHasher } from './nodeCrypto.ts';

test('HMAC-SHA-256 is that of node:crypto, for keys and parts of any length', () => {
  const part = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 16_300, max: 16_500 }).map((length) => new Uint8Array(length).fill(7)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.array(part, { maxLength: 3 }), (key, parts) => {
      const expected = createHmac('sha256', key).update(Buffer.concat(parts)).digest('hex');
      assert.equal(Buffer.from(nodeHasher.hmacSha256(key, ...parts)).toString('hex'), expected);
    }),
    { numRuns: 500 },
  );
});
