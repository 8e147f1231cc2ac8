import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ObjectId } from '../../protocol/ids.ts';
import { encodeSegmentHeader } from '../../engine/core/segment/segmentHeader.ts';
import { headerCacheBytes, HeaderCache } from './headerCache.ts';

const id = (n: number): ObjectId => n.toString(16).padStart(48, '0') as ObjectId;
const children = Array.from({ length: 4_000 }, (_, i) => id(i));

/** A header of 85 trees with 4,000 children each: as large as one can be. */
const header = encodeSegmentHeader({
  content: 'trees',
  codec: 'stored',
  epoch: 1,
  salt: new Uint8Array(32),
  plainBytes: 500,
  storedBytes: 516,
  objects: Array.from({ length: 85 }, (_, i) => ({ kind: 'tree', id: id(i), children })),
});

describe('the cache of headers', () => {
  test('stays within its bytes however many of the largest headers a walk meets, and still answers', () => {
    let reads = 0;
    const cache = new HeaderCache({ get: <Row>() => (reads++, { header: header.slice() } as Row) });
    for (let segment = 1; segment <= 40; segment++) {
      assert.equal(cache.children(segment, id(84))?.length, 4_000);
      assert.ok(cache.keptBytes <= headerCacheBytes, `${cache.keptBytes} bytes`);
    }
    assert.equal(reads, 40);
    cache.children(40, id(1));
    assert.equal(reads, 40, 'the last one is kept');
    cache.children(1, id(1));
    assert.equal(reads, 41, 'the first one is not');
    assert.ok(cache.readBytes > 40 * header.length);
  });

  test('knows no children of what is not there', () => {
    const cache = new HeaderCache({ get: () => undefined });
    assert.equal(cache.children(1, id(1)), undefined);
  });
});
