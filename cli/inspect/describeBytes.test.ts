import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError } from '../../base/errors.ts';
import { chunkId } from '../../engine/core/chunk/chunkId.ts';
import { createKeyRing } from '../../engine/core/keys/keyRing.ts';
import { deriveKeys } from '../../engine/core/keys/deriveKeys.ts';
import { encodePack } from '../../engine/core/pack/pack.ts';
import { encodeSegment } from '../../engine/core/segment/encodeSegment.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { describeBytes } from './describeBytes.ts';

const primitives = createPrimitives();
const context = { ...primitives, keys: deriveKeys(createKeyRing(primitives.random), primitives.hasher) };

async function samplePack(): Promise<Uint8Array> {
  const body = Buffer.from('hello');
  const objects = [{ kind: 'chunk', id: chunkId(body, context), children: [], body }] as const;
  const segment = await encodeSegment({ content: 'data', objects }, context);
  return (await encodePack([segment], primitives.hasher)).bytes;
}

test('a pack is described down to its objects with the keys, and by its clear parts without', async () => {
  const bytes = await samplePack();
  const open = JSON.stringify(await describeBytes(bytes, { primitives, context }));
  assert.match(open, /"kind":"pack".*"opened":"yes".*"kind":"chunk".*"preview":"hello"/);
  const closed = JSON.stringify(await describeBytes(bytes, { primitives, context: undefined }));
  assert.match(closed, /"opened":"no: not signed in","objects":\[{"kind":"chunk"/);
  assert.doesNotMatch(closed, /hello/);
});

test('anything else is refused with one kind of error', async () => {
  for (const text of ['', 'hello', 'PK', 'HFS1', '\u0001\u0000\u0000']) {
    await assert.rejects(describeBytes(Buffer.from(text), { primitives, context }), (error) => isBackupError(error), text);
  }
});
