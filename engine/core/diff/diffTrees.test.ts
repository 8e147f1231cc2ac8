import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { TreeId } from '../../../protocol/ids.ts';
import { ObjectReader } from '../../run/read/objectReader.ts';
import { collect, TestWorkspace } from '../../testing/testWorkspace.ts';
import type { FolderSpec, Spec } from '../../testing/testWorkspace.ts';
import { diffTrees } from './diffTrees.ts';

const { signal } = new AbortController();

function readerOf(world: TestWorkspace): ObjectReader {
  return new ObjectReader({ repository: world.repository, context: world.context, signal });
}

async function differences(world: TestWorkspace, before: TreeId | undefined, after: TreeId | undefined): Promise<readonly string[]> {
  return (await collect(diffTrees(readerOf(world), { before, after }))).map(({ kind, path }) => `${kind} ${path}`);
}

await test('tells every kind of difference, in order', async () => {
  const world = await TestWorkspace.create();
  const before = await world.store({ a: '1', b: '2', c: { folder: { d: 'x', e: 'y' } }, f: '3', g: { file: '4', mode: 0o600 }, l: { link: 'a' }, t: { file: '5', mtimeNs: 1_000n } });
  const after = await world.store({ a: '1', b: 'two', c: { folder: { d: 'x' } }, f: { folder: { new: 'z' } }, g: { file: '4', mode: 0o644 }, l: { link: 'b' }, n: '6', t: { file: '5', mtimeNs: 2_999n } });
  assert.deepEqual(await differences(world, before, after), ['modify b', 'delete c/e', 'type f', 'add f/new', 'meta g', 'modify l', 'add n']);
  assert.deepEqual(await differences(world, after, before), ['modify b', 'add c/e', 'type f', 'delete f/new', 'meta g', 'modify l', 'delete n']);
  assert.deepEqual(await differences(world, undefined, before), ['add a', 'add b', 'add c', 'add c/d', 'add c/e', 'add f', 'add g', 'add l', 'add t']);
  assert.deepEqual(await differences(world, before, before), []);
});

await test('reads only what differs in a directory of many nodes', async () => {
  const world = await TestWorkspace.create();
  const files = Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`file-${i}`, 'x']));
  const before = await world.store(files);
  const after = await world.store({ ...files, 'file-4321': 'y' });
  const reader = readerOf(world);
  const read = new Set<TreeId>();
  const source = {
    async trees(ids: readonly TreeId[]) {
      for (const id of ids) read.add(id);
      return await reader.trees(ids);
    },
  };
  assert.deepEqual((await collect(diffTrees(source, { before, after }))).map(({ path }) => path as string), ['file-4321']);
  assert.ok(read.size < 15, `${read.size} nodes read`);
});

const someName = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const { spec: someSpec } = fc.letrec<{ spec: FolderSpec; one: Spec }>((tie) => ({
  spec: fc.dictionary(someName, tie('one'), { maxKeys: 4, noNullPrototype: true }),
  one: fc.oneof({ depthSize: 'small' }, fc.constantFrom('1', '2'), fc.record({ link: fc.constantFrom('x', 'y') }), fc.record({ folder: tie('spec') })),
}));

/** Path to kind and content, as brute force sees a folder. */
function flat(spec: FolderSpec, prefix = ''): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const [name, one] of Object.entries(spec)) {
    const path = `${prefix}${name}`;
    if (typeof one === 'string') all.set(path, `file ${one}`);
    else if ('folder' in one) {
      all.set(path, 'folder');
      for (const [below, what] of flat(one.folder, `${path}/`)) all.set(below, what);
    } else if ('link' in one) all.set(path, `link ${String(one.link)}`);
  }
  return all;
}

await test('equals comparing every path of both', async () => {
  const world = await TestWorkspace.create();
  await fc.assert(
    fc.asyncProperty(someSpec, someSpec, async (one, other) => {
      const [before, after] = [flat(one), flat(other)];
      const expected: string[] = [];
      for (const path of new Set([...before.keys(), ...after.keys()])) {
        const [was, is] = [before.get(path), after.get(path)];
        if (was === is) continue;
        const kind = was === undefined ? 'add' : is === undefined ? 'delete' : was.split(' ')[0] === is.split(' ')[0] ? 'modify' : 'type';
        expected.push(`${kind} ${path}`);
      }
      const found = await differences(world, await world.store(one), await world.store(other));
      assert.deepEqual(found.toSorted(), expected.sort());
    }),
    { numRuns: 100 },
  );
});
