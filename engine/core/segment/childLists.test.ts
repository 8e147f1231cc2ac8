import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ObjectId } from '../../../protocol/ids.ts';
import { sampleObjects } from '../../testing/formatSamples.ts';
import { testContext } from '../../testing/testContext.ts';
import { ChildLists } from './childLists.ts';
import { decodeSegmentHeader } from './decodeSegment.ts';
import { encodeSegment } from './encodeSegment.ts';

describe('child lists of a header', () => {
  const context = testContext();
  const objects = sampleObjects(context);

  it('are what decoding the whole header gives, of a whole segment and of the header alone', async () => {
    const segment = await encodeSegment({ content: 'trees', objects: objects.filter(({ kind }) => kind !== 'chunk') }, context);
    const header = decodeSegmentHeader(segment);
    for (const bytes of [segment, segment.slice(0, header.headerBytes)]) {
      const lists = new ChildLists(bytes);
      for (const { id, children } of header.objects) assert.deepEqual(lists.get(id), children);
      assert.equal(lists.get('0'.repeat(48) as ObjectId), undefined);
    }
  });

  it('are none in a segment of data', async () => {
    const chunks = objects.filter(({ kind }) => kind === 'chunk');
    const lists = new ChildLists(await encodeSegment({ content: 'data', objects: chunks }, context));
    for (const { id } of chunks) assert.equal(lists.get(id), undefined);
  });

  it('of what is no header are invalid', () => {
    assert.throws(() => new ChildLists(new Uint8Array(3)), { code: 'invalid' });
    assert.throws(() => new ChildLists(new Uint8Array(60).fill(255)), { code: 'invalid' });
  });
});
