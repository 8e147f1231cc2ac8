import assert from 'node:assert/strict';
import test from 'node:test';
import type { ObjectId, TreeId } from '../../../protocol/ids.ts';
import { toHex } from '../../../base/bytes.ts';
import { DirectoryTree } from '../../core/tree/directoryTree.ts';
import type { FileEntry } from '../../core/tree/treeTypes.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import { TestWorkspace } from '../../testing/testWorkspace.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { verifySnapshot } from './verifySnapshot.ts';
import type { VerifyReport } from './verifySnapshot.ts';

const { signal } = new AbortController();

async function verify(world: TestWorkspace, root: TreeId, readData: boolean): Promise<VerifyReport> {
  return await verifySnapshot({ repository: world.repository, context: world.context, root, readData, signal, onProgress: () => undefined });
}

function chunkOf(world: TestWorkspace, text: string): ObjectId {
  const objects: PlainObject[] = [];
  world.contentOf(new TextEncoder().encode(text), objects);
  return objects[0]!.id;
}

await test('finds nothing wrong with a whole snapshot, large files and repeated content included', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'x', b: 'x', d: { folder: { big: world.context.random.bytes(9 * 1024 * 1024), l: { link: 'a' }, e: '' } } });
  for (const readData of [false, true]) {
    const { files, directories, symlinks, chunks, chunksRead, problems } = await verify(world, root, readData);
    assert.deepEqual({ files, directories, symlinks, problems }, { files: 4, directories: 2, symlinks: 1, problems: [] });
    assert.ok(chunks > 8);
    assert.equal(chunksRead, readData ? chunks : 0);
  }
});

await test('names each file whose content the server does not have', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'lost', d: { folder: { b: 'lost', c: 'there' } } });
  world.server.account(world.account).objects.delete(chunkOf(world, 'lost'));
  const quick = await verify(world, root, false);
  assert.deepEqual(quick.problems.map(({ path, kind }) => `${path} ${kind}`), ['a missing', 'd/b missing']);
});

await test('finds damaged content only when it reads it, and goes on', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'spoilt' });
  const account = world.server.account(world.account);
  const object = account.objects.get(chunkOf(world, 'spoilt'))!;
  const bad = account.segments.get(object.segments[0]!)!.slice();
  bad[bad.length - 1]! ^= 1;
  object.segments[0] = toHex(world.context.hasher.sha256(bad));
  account.segments.set(object.segments[0], bad);
  assert.deepEqual((await verify(world, root, false)).problems, []);
  assert.deepEqual((await verify(world, root, true)).problems.map(({ path, kind }) => `${path} ${kind}`), ['a damaged']);
});

await test('names a directory that is lost, and a file that is not as long as its entry says', async () => {
  const world = await TestWorkspace.create();
  const root = await world.store({ a: 'twelve bytes', d: { folder: { b: 'x' } } });
  const reader = new ObjectReader({ repository: world.repository, context: world.context, signal });
  const [a, d] = await reader.readDirectory(root);
  const lying = DirectoryTree.build([{ ...(a as FileEntry), size: 11 }, { ...d!, tree: 'ab'.repeat(24) as TreeId } as never], world.context);
  await world.putObjects(lying.nodes());
  const { problems } = await verify(world, lying.root, true);
  assert.deepEqual(problems.map(({ path, kind }) => `${path} ${kind}`).sort(), ['a malformed', 'd missing']);
});
