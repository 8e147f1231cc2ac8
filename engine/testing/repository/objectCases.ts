import assert from 'node:assert/strict';
import { encodeUtf8, toHex } from '../../../base/bytes.ts';
import type { ObjectId, PackId } from '../../../protocol/ids.ts';
import { missingIdsMax, packBytesMax } from '../../../protocol/limits.ts';
import { chunkId } from '../../core/chunk/chunkId.ts';
import { openSegment } from '../../core/segment/decodeSegment.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { RepositoryCases } from '../repositorySuite.ts';
import { rejectsWith, segmentNames } from './suiteWorld.ts';
import type { SuiteWorld } from './suiteWorld.ts';

export const objectCases: RepositoryCases = {
  'tells which objects are missing, before and after their pack': async (world) => {
    const [stored, never] = [world.chunk('stored'), world.chunk('never')];
    assert.deepEqual(await world.isMissing(world.laptop, stored.id, never.id), [true, true]);
    await world.laptop.repository.putPack(await world.pack(stored), world);
    assert.deepEqual(await world.isMissing(world.laptop, stored.id, never.id), [false, true]);
    assert.deepEqual(await world.isMissing(world.desktop, stored.id, never.id), [false, true]);
    assert.equal((await world.laptop.repository.missing([], world)).size, 0);
  },

  'answers for as many ids as the limit allows, and refuses more': async (world) => {
    const ids = Array.from({ length: missingIdsMax }, (_, i) => i.toString(16).padStart(48, '0') as ObjectId);
    assert.equal((await world.laptop.repository.missing(ids, world)).size, missingIdsMax);
    const more = [...ids, 'f'.repeat(48) as ObjectId];
    await rejectsWith(['invalid', 'limit'], world.laptop.repository.missing(more, world));
  },

  'stores a pack once however often it is sent, from both devices at once': async (world) => {
    const chunk = world.chunk('one');
    const pack = await world.pack(chunk);
    const senders = [world.laptop, world.desktop, world.laptop];
    await Promise.all(senders.map(({ repository }) => repository.putPack(pack, world)));
    const segments = await world.laptop.repository.fetch({ kind: 'objects', ids: [chunk.id] }, world);
    assert.equal(segments.length, 1);
  },

  'stores nothing of a pack that is malformed or not what its id says': async (world) => {
    const chunk = world.chunk('one');
    const pack = await world.pack(chunk);
    const wrongId = { bytes: pack.bytes, id: '0'.repeat(64) as PackId };
    await rejectsWith(['corrupt', 'invalid'], world.laptop.repository.putPack(wrongId, world));
    const damaged = [encodeUtf8('no pack'), pack.bytes.subarray(0, pack.bytes.length / 2), new Uint8Array(0)];
    for (const bytes of damaged) {
      const id = toHex(world.context.hasher.sha256(bytes)) as PackId;
      await rejectsWith(['corrupt', 'invalid'], world.laptop.repository.putPack({ bytes, id }, world));
    }
    const halfBad = await world.packOf(await world.segment(chunk), encodeUtf8('no segment'));
    await rejectsWith(['corrupt', 'invalid'], world.laptop.repository.putPack(halfBad, world));
    assert.deepEqual(await world.isMissing(world.laptop, chunk.id), [true]);
  },

  'fetches the segments of the objects named, each once, and leaves unknown ids out': async (world) => {
    const [a, b, c] = [world.chunk('a'), world.chunk('b'), world.chunk('c')];
    const [together, alone] = [await world.segment(a, b), await world.segment(c)];
    await world.laptop.repository.putPack(await world.packOf(together, alone), world);
    const ids = [a.id, b.id, world.chunk('unknown').id];
    const got = await world.desktop.repository.fetch({ kind: 'objects', ids }, world);
    assert.deepEqual(segmentNames(got, world.context), segmentNames([together], world.context));
    const none = await world.desktop.repository.fetch({ kind: 'objects', ids: [] }, world);
    assert.deepEqual(none, []);
  },

  'keeps every location of an object: the first is answered, the next when that one is skipped': async (world) => {
    const chunk = world.chunk('twice');
    const [first, second] = [await world.segment(chunk), await world.segment(chunk, world.chunk('other'))];
    await world.laptop.repository.putPack(await world.packOf(first), world);
    await world.desktop.repository.putPack(await world.packOf(second), world);
    const [firstName = '', secondName = ''] = segmentNames([first, second], world.context);
    const fetch = async (...skip: string[]): Promise<unknown> =>
      segmentNames(await world.laptop.repository.fetch({ kind: 'objects', ids: [chunk.id], skip }, world), world.context);
    assert.deepEqual(await fetch(), [firstName]);
    assert.deepEqual(await fetch(firstName), [secondName]);
    assert.deepEqual(await fetch(firstName, secondName), []);
  },

  'fetches all trees under a root and no data, also after a commit': async (world) => {
    const files = ['1', '2', '3'].map((text) => world.chunk(text));
    const deep = world.tree({ file: files[0]! });
    const middle = world.tree({ deep, file: files[1]! });
    const root = world.tree({ middle, file: files[2]! });
    const trees = await Promise.all([deep, middle, root].map((tree) => world.segment(tree)));
    await world.laptop.repository.putPack(await world.packOf(...trees, await world.segment(...files)), world);
    const under = async (id: ObjectId): Promise<readonly string[]> =>
      segmentNames(await world.laptop.repository.fetch({ kind: 'under', roots: [id] }, world), world.context);
    const wanted = segmentNames(trees, world.context);
    assert.deepEqual(new Set(await under(root.id)), new Set(wanted));
    assert.deepEqual(new Set(await under(middle.id)), new Set(wanted.slice(0, 2)));
    assert.deepEqual(await under(world.tree({ unknown: files[0]! }).id), []);
    await world.commitWell(await world.lane(world.laptop), { root: root.id });
    assert.deepEqual(new Set(await under(root.id)), new Set(wanted));
  },

  'answers at most a pack of segments a time, and every call makes progress': async (world) => {
    const ids = await storeMuch(world, 21);
    const left = new Set<ObjectId>(ids);
    let calls = 0;
    while (left.size > 0) {
      const segments = await world.laptop.repository.fetch({ kind: 'objects', ids: [...left] }, world);
      const bytes = segments.reduce((sum, { length }) => sum + length, 0);
      assert.ok(segments.length > 0, 'a call makes progress');
      assert.ok(bytes <= packBytesMax, `${bytes} bytes are not too many`);
      const answered = await idsIn(world, segments);
      for (const id of answered) left.delete(id);
      calls += 1;
    }
    assert.ok(calls >= 2, 'it took more than one call');
  },
};

/** Stores incompressible 2 MiB segments of one chunk each. */
async function storeMuch(world: SuiteWorld, count: number): Promise<readonly ObjectId[]> {
  const ids: ObjectId[] = [];
  for (let i = 0; i < count; i++) {
    const body = world.context.random.bytes(1_990_000);
    const chunk: PlainObject = { kind: 'chunk', id: chunkId(body, world.context), children: [], body };
    await world.laptop.repository.putPack(await world.pack(chunk), world);
    ids.push(chunk.id);
  }
  return ids;
}

async function idsIn(world: SuiteWorld, segments: readonly Uint8Array[]): Promise<readonly ObjectId[]> {
  const opened = await Promise.all(segments.map((bytes) => openSegment(bytes, world.context)));
  return opened.flat().map(({ id }) => id);
}
