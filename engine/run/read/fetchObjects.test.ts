import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import { fetchSkipMax } from '../../../protocol/messages/objects.ts';
import { chunkId, chunkObject } from '../../core/chunk/chunkId.ts';
import { encodeSegment } from '../../core/segment/encodeSegment.ts';
import { testContext } from '../../testing/testContext.ts';
import { fetchObjects } from './fetchObjects.ts';

test('a server that answers ever new damaged segments is given up, and never asked to skip more than it takes', async () => {
  const context = testContext();
  const body = new Uint8Array(40).fill(7);
  const object = chunkObject(chunkId(body, context), body);
  const good = await encodeSegment({ content: 'data', objects: [object] }, context);
  let made = 0;
  let longest = 0;
  const repository = {
    async fetch(request: { readonly kind: string; readonly skip?: readonly string[] }) {
      longest = Math.max(longest, request.skip?.length ?? 0);
      return Array.from({ length: 500 }, () => {
        const bad = good.slice();
        new DataView(bad.buffer, bad.byteOffset).setUint32(bad.length - 4, ++made);
        return bad;
      });
    },
  };
  const { signal } = new AbortController();
  const work = fetchObjects([object.id], () => assert.fail('nothing is good'), { repository, context, signal });
  await assert.rejects(work, (error) => isBackupError(error, 'corrupt'));
  assert.ok(longest <= fetchSkipMax && made <= fetchSkipMax + 1_000, `${made} segments, ${longest} skipped`);
});
