import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fromHex } from '../../../base/bytes.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { displayName } from '../../../engine/core/byteString.ts';
import { decodeKeyRing } from '../../../engine/core/keys/keyRing.ts';
import { decodeListNode } from '../../../engine/core/list/listNode.ts';
import { isListLeaf } from '../../../engine/core/list/listTypes.ts';
import { decodePack } from '../../../engine/core/pack/pack.ts';
import { decodeSegmentHeader, openSegment } from '../../../engine/core/segment/decodeSegment.ts';
import type { PlainObject } from '../../../engine/core/segment/segmentTypes.ts';
import { openSnapshotDetails } from '../../../engine/core/snapshot/encodeSnapshot.ts';
import { decodePathRows } from '../../../engine/core/snapshot/pathRows.ts';
import { decodeSnapshotHeader } from '../../../engine/core/snapshot/snapshotHeader.ts';
import { decodeSnapshotRecord } from '../../../engine/core/snapshot/snapshotRecord.ts';
import { decodeTreeNode } from '../../../engine/core/tree/treeNode.ts';
import type { FileContent } from '../../../engine/core/tree/treeTypes.ts';
import { sampleDetails } from '../../../engine/testing/formatSamples.ts';
import { makeCompressed, makeVectors, repetitive, ring, vectorContext } from './makeVectors.ts';
import type { Vectors } from './makeVectors.ts';

// Frozen: what version 1 wrote, every later version must read, and while it writes version 1, write so. `UPDATE=1`
// makes the files anew, which after a release means that the format was broken.
const written = new URL('vectors.json', import.meta.url);
const compressed = new URL('compressed.json', import.meta.url);

if (process.env['UPDATE'] === '1') {
  await writeFile(written, `${JSON.stringify(await makeVectors(), null, 1)}\n`);
  await writeFile(compressed, `${JSON.stringify(await makeCompressed(), null, 1)}\n`);
}
const frozen = JSON.parse(await readFile(written, 'utf8')) as Vectors;
const context = vectorContext();

describe('format version 1', () => {
  it('is written byte for byte as it was frozen', async () => {
    const made = await makeVectors();
    for (const part of Object.keys(frozen) as (keyof Vectors)[]) assert.deepEqual(made[part], frozen[part], part);
    assert.deepEqual(Object.keys(made), Object.keys(frozen));
  });

  it('reads the frozen key ring', () => assert.deepEqual(decodeKeyRing(fromHex(frozen.keys.ring)), ring));

  it('restores everything from the frozen repository', async () => {
    const { repository } = frozen;
    const objects = new Map<ObjectId, PlainObject>();
    for (const segment of decodePack(fromHex(repository.pack))) {
      for (const object of await openSegment(segment, context)) objects.set(object.id, object);
    }
    const record = decodeSnapshotRecord(fromHex(repository.record), context.hasher, repository.snapshot);
    const { root } = decodeSnapshotHeader(record.header);
    assert.deepEqual(restore(objects, root), [
      'big.bin 600 0 hello|world|three|hello|world|three|hello|world|three|hello|world|three|',
      'docs/ 755 1700000000123456789',
      'docs/only 644 1700000000000000001 hello|',
      'empty 644 1700000000000000001 ',
      'link 777 -1 -> ../\\xff',
      'three - 1700000000000000001 world|hello|world|',
      'zoë 644 1700000000000000001 three|',
    ]);
    assert.deepEqual(openSnapshotDetails(record, context), sampleDetails);
    const stub = decodeSnapshotRecord(fromHex(repository.stub), context.hasher, repository.snapshot);
    assert.equal(stub.sealed, undefined);
    assert.deepEqual(decodePathRows(fromHex(repository.rows)).map(({ kind }) => kind).sort(), ['below', 'moved-from']);
  });

  it('reads every codec, and segments sealed in an older epoch', async () => {
    const segments = JSON.parse(await readFile(compressed, 'utf8')) as Awaited<ReturnType<typeof makeCompressed>>;
    for (const codec of ['zstd', 'deflate'] as const) {
      const segment = segments[codec];
      const header = decodeSegmentHeader(fromHex(segment));
      assert.deepEqual([header.codec, header.epoch], [codec, 1]);
      assert.deepEqual(await openSegment(fromHex(segment), context), [repetitive(context)]);
    }
  });
});

function restore(objects: ReadonlyMap<ObjectId, PlainObject>, root: ObjectId, prefix = ''): readonly string[] {
  const node = decodeTreeNode(objects.get(root)!);
  if ('nodes' in node) return node.nodes.flatMap(({ tree }) => restore(objects, tree, prefix));
  return node.entries.flatMap((entry) => {
    const path = prefix + displayName(entry.name);
    const stat = `${entry.mode?.toString(8) ?? '-'} ${entry.mtimeNs}`;
    if (entry.kind === 'directory') return [`${path}/ ${stat}`, ...restore(objects, entry.tree, `${path}/`)];
    if (entry.kind === 'symlink') return [`${path} ${stat} -> ${displayName(entry.target)}`];
    const bytes = chunksOf(objects, entry.content).map((id) => objects.get(id)!.body);
    const content = Buffer.concat(bytes);
    assert.equal(content.length, entry.size);
    return [`${path} ${stat} ${content.toString().replaceAll('\n', '|')}`];
  });
}

function chunksOf(objects: ReadonlyMap<ObjectId, PlainObject>, content: FileContent): readonly ObjectId[] {
  if (content.kind === 'chunks') return content.chunks;
  const node = decodeListNode(objects.get(content.list)!);
  if (isListLeaf(node)) return node.chunks.map(({ id }) => id);
  return node.nodes.flatMap(({ list }) => chunksOf(objects, { kind: 'list', list }));
}
