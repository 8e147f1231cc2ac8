import assert from 'node:assert/strict';
import test from 'node:test';
import { concatBytes, toHex } from '../../../base/bytes.ts';
import { isBackupError } from '../../../base/errors.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import type { ByteName } from '../../core/byteString.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { FileEntry } from '../../core/tree/treeTypes.ts';
import type { FetchRequest, Repository } from '../../ports/repository.ts';
import { collect, path, TestWorkspace } from '../../testing/testWorkspace.ts';
import type { FolderSpec, Spec } from '../../testing/testWorkspace.ts';
import { listTree } from './listTree.ts';
import { ObjectReader } from './objectReader.ts';

const { signal } = new AbortController();

function readerOf(world: TestWorkspace, repository: Pick<Repository, 'fetch'> = world.repository, cacheBytesMax?: number): ObjectReader {
  return new ObjectReader({ repository, context: world.context, signal, ...(cacheBytesMax === undefined ? {} : { cacheBytesMax }) });
}

async function bytesOf(reader: ObjectReader, root: TreeId, name: string): Promise<Uint8Array> {
  const entry = await reader.resolvePath(root, path(name));
  assert.equal(entry?.kind, 'file');
  const parts: Uint8Array[] = [];
  for await (const part of reader.readFile(entry)) parts.push(part);
  return concatBytes(parts);
}

/** Counts fetches, and lets a test spoil what is answered. */
function spied(world: TestWorkspace, spoil: (segment: Uint8Array, request: FetchRequest) => Uint8Array = (segment) => segment) {
  const requests: FetchRequest[] = [];
  return {
    requests,
    async fetch(request: FetchRequest) {
      requests.push(request);
      return (await world.repository.fetch(request, { signal })).map((segment) => spoil(segment, request));
    },
  };
}

function damaged(segment: Uint8Array): Uint8Array {
  const copy = segment.slice();
  copy[copy.length - 20]! ^= 1;
  return copy;
}

await test('reads a file of many chunks byte for byte, through its list', async () => {
  const world = await TestWorkspace.create();
  const bytes = world.context.random.bytes(12 * 1024 * 1024);
  const root = await world.store({ big: bytes, empty: '', small: 'hello' });
  const reader = readerOf(world);
  assert.deepEqual(await bytesOf(reader, root, 'big'), new Uint8Array(bytes));
  assert.equal((await bytesOf(reader, root, 'empty')).length, 0);
  assert.equal(new TextDecoder().decode(await bytesOf(reader, root, 'small')), 'hello');
});

await test('lists a directory of many nodes in order, and finds one entry in it without reading them all', async () => {
  const world = await TestWorkspace.create();
  const names = Array.from({ length: 3_000 }, (_, i) => `file-${i}`);
  const root = await world.store(Object.fromEntries(names.map((name) => [name, name])));
  const reader = readerOf(world);
  const entries = await reader.readDirectory(root);
  assert.deepEqual(entries.map(({ name }) => name as string), names.toSorted());
  for (const name of names) assert.equal((await reader.entry(root, name as ByteName))?.name, name);
  for (const name of ['', 'file', 'file-1x', 'zzz']) assert.equal(await reader.entry(root, name as ByteName), undefined);
});

await test('walks a folder a thousand levels deep', async () => {
  const world = await TestWorkspace.create();
  let spec: Spec = 'bottom';
  for (let depth = 0; depth < 1_000; depth++) spec = { folder: { d: spec } };
  const root = await world.store({ d: spec });
  const reader = readerOf(world);
  const listed = await collect(listTree(reader, { root, path: path(''), recursive: true }));
  assert.equal(listed.length, 1_001);
  assert.equal(new TextDecoder().decode(await bytesOf(reader, root, `${'d/'.repeat(1_000)}d`)), 'bottom');
});

await test('fetches all trees under a root with one request', async () => {
  const world = await TestWorkspace.create();
  const folder = (i: number): FolderSpec => ({ [`a${i}`]: `content ${i}`, deeper: { folder: { [`b${i}`]: `other ${i}` } } });
  const root = await world.store(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`folder${i}`, { folder: folder(i) }])));
  const spy = spied(world);
  const reader = readerOf(world, spy);
  await reader.fetchUnder(root);
  const listed = await collect(listTree(reader, { root, path: path(''), recursive: true }));
  assert.equal(listed.length, 200);
  assert.equal(spy.requests.length, 1);
});

await test('asks for the next copy when one is damaged', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'the content' });
  const objects: PlainObject[] = [];
  world.contentOf(new TextEncoder().encode('the content'), objects);
  const chunk = objects[0]!.id;
  await world.putSegments([{ content: 'data', objects }]); // A second copy, sealed with another salt.
  // The first copy was spoilt by its uploader before the server hashed it: the server believes in it.
  const account = world.server.account(world.account);
  const copies = account.objects.get(chunk)!.segments;
  const bad = damaged(account.segments.get(copies[0]!)!);
  copies[0] = toHex(world.context.hasher.sha256(bad));
  account.segments.set(copies[0], bad);
  const spy = spied(world);
  assert.equal(new TextDecoder().decode(await bytesOf(readerOf(world, spy), root, 'a')), 'the content');
  assert.deepEqual(spy.requests.at(-1), { kind: 'objects', ids: [chunk], skip: [copies[0]] });
});

await test('names what is lost when no copy is right, or none is there', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'the content' });
  const bad = spied(world, damaged);
  await assert.rejects(
    async () => await readerOf(world, bad).readDirectory(root),
    (error) => isBackupError(error, 'corrupt') && error.details['first'] === root && error.details['damaged'] === 1,
  );
  assert.ok(bad.requests.length <= 3);
  const nothing = { fetch: async () => [] };
  await assert.rejects(
    async () => await readerOf(world, nothing).readDirectory(root),
    (error) => isBackupError(error, 'corrupt') && error.details['missing'] === 1,
  );
});

await test('ends when a server repeats segments that nobody asked for', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'one' });
  const other = await world.store({ b: 'two' });
  const wrong = { fetch: async () => await world.repository.fetch({ kind: 'objects', ids: [other] }, { signal }) };
  await assert.rejects(async () => await readerOf(world, wrong).readDirectory(root), (error) => isBackupError(error, 'corrupt'));
});

await test('refuses a file whose content is not as long as its entry says', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'twelve bytes' });
  const reader = readerOf(world);
  const entry = (await reader.resolvePath(root, path('a'))) as FileEntry;
  for (const size of [11, 13]) {
    await assert.rejects(
      async () => await collect(reader.readFile({ ...entry, size })),
      (error) => isBackupError(error, 'corrupt'),
    );
  }
});

await test('reads the same with a cache too small for anything', async () => {
  const world = await TestWorkspace.create();
  const bytes = world.context.random.bytes(3 * 1024 * 1024);
  const root = await world.store({ d: { folder: { big: bytes } } });
  assert.deepEqual(await bytesOf(readerOf(world, world.repository, 0), root, 'd/big'), new Uint8Array(bytes));
});

await test('holds a chunk that repeats once, however often it does', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ sparse: new Uint8Array(40 * 1024 * 1024) });
  const spy = spied(world);
  const reader = readerOf(world, spy, 0);
  const entry = (await reader.resolvePath(root, path('sparse'))) as FileEntry;
  let bytes = 0;
  for await (const part of reader.readFile(entry)) bytes += part.length;
  assert.equal(bytes, 40 * 1024 * 1024);
});
