import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { TreeId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import { diffTrees } from '../../core/diff/diffTrees.ts';
import { pathId } from '../../core/paths/pathId.ts';
import { coarsenRows } from '../../core/snapshot/coarsenRows.ts';
import type { PathRow } from '../../core/snapshot/snapshotTypes.ts';
import { everythingBelow, planRows } from '../../core/sync/planRows.ts';
import { collect, path, TestWorkspace } from '../../testing/testWorkspace.ts';
import type { FolderSpec, TestLane } from '../../testing/testWorkspace.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { listSnapshots } from '../read/snapshots.ts';
import type { SnapshotScope } from '../read/snapshots.ts';
import { historyOfPath, settle } from './historyOfPath.ts';
import type { HistoryEntry, HistoryParts } from './historyOfPath.ts';
import { SnapshotChain } from './snapshotChain.ts';

const { signal } = new AbortController();

/** A workspace whose snapshots carry rows as a push writes them. */
class Story {
  readonly world: TestWorkspace;
  readonly parts: HistoryParts;
  readonly #roots = new Map<TestLane, TreeId>();
  readonly #rowsMax: number;

  constructor(world: TestWorkspace, rowsMax: number) {
    const scope: SnapshotScope = { repository: world.repository, workspace: world.workspace, signal };
    const reader = new ObjectReader({ repository: world.repository, context: world.context, signal });
    this.world = world;
    this.parts = { scope, reader, context: world.context };
    this.#rowsMax = rowsMax;
  }

  async commit(files: ReadonlyMap<string, string>, lane = this.world.lane): Promise<void> {
    const root = await this.world.store(specOf(files));
    await this.world.commitRoot(root, { lane, rows: await this.#rows(this.#roots.get(lane), root) });
    this.#roots.set(lane, root);
  }

  async history(name: string): Promise<readonly string[]> {
    return (await collect(historyOfPath(path(name), this.parts))).map(textOf);
  }

  /** Looks at every snapshot, whatever the rows say. */
  async bruteForce(name: string): Promise<readonly string[]> {
    const found: string[] = [];
    const chain = new SnapshotChain(this.parts.scope);
    let at: BytePath = path(name);
    for await (const snapshot of listSnapshots(this.parts.scope)) {
      const rows = [{ path: pathId(this.world.workspace, path(''), this.world.context), kind: 'below', from: undefined, seq: snapshot.seq, snapshot: snapshot.id }] as const;
      const entry = await settle({ path: at, rows: { snapshot: snapshot.id, seq: snapshot.seq, rows }, chain }, this.parts);
      if (entry === undefined) continue;
      found.push(textOf(entry));
      at = entry.from ?? at;
    }
    return found;
  }

  async #rows(before: TreeId | undefined, after: TreeId): Promise<readonly PathRow[]> {
    const changes = (await collect(diffTrees(this.parts.reader, { before, after }))).map((each) => ({ ...each, inodeBefore: undefined, inodeAfter: undefined }));
    const planned = before === undefined ? everythingBelow : coarsenRows(planRows(changes), this.#rowsMax);
    const idOf = (each: BytePath) => pathId(this.world.workspace, each, this.world.context);
    return planned.map(({ path: at, kind, from }) => ({ path: idOf(at), kind, from: from === undefined ? undefined : idOf(from) }));
  }
}

function textOf({ snapshot, path: at, kind, from }: HistoryEntry): string {
  return `${snapshot.seq} ${kind} ${at}${from === undefined ? '' : ` < ${from}`}`;
}

function specOf(files: ReadonlyMap<string, string>): FolderSpec {
  type Folder = Record<string, string | { folder: Folder }>;
  const root: Folder = {};
  for (const [name, text] of files) {
    let at = root;
    const names = name.split('/');
    for (const folder of names.slice(0, -1)) {
      const made = (at[folder] ??= { folder: {} });
      if (typeof made === 'string') throw new Error('A file is in the way.');
      at = made.folder;
    }
    at[names.at(-1)!] = text;
  }
  return root;
}

await test('tells additions, changes, deletions and moves of one file, newest first', async () => {
  const story = new Story(await TestWorkspace.create(), 2_000);
  await story.commit(new Map([['a', 'one']]));
  await story.commit(new Map([['a', 'two'], ['b', 'other']]));
  await story.commit(new Map([['d/moved', 'two'], ['b', 'other']]));
  await story.commit(new Map([['d/moved', 'three'], ['b', 'other']]));
  await story.commit(new Map([['b', 'other']]));
  assert.deepEqual(await story.history('d/moved'), ['5 delete d/moved', '4 modify d/moved', '3 moved d/moved < a', '2 modify a', '1 add a']);
  assert.deepEqual(await story.history('b'), ['2 add b']);
  assert.deepEqual(await story.history('never'), []);
});

await test('follows a file through a directory that moved, and not what is new in it', async () => {
  const story = new Story(await TestWorkspace.create(), 2_000);
  const files = (folder: string): [string, string][] => ['x', 'y', 'z'].map((name) => [`${folder}/in/${name}`, `content of ${name}`]);
  await story.commit(new Map(files('old')));
  await story.commit(new Map([...files('new'), ['new/in/fresh', 'fresh']]));
  assert.deepEqual(await story.history('new/in/x'), ['2 moved new/in/x < old/in/x', '1 add old/in/x']);
  assert.deepEqual(await story.history('new/in/fresh'), ['2 add new/in/fresh']);
  assert.deepEqual(await story.history('old/in/x'), ['2 delete old/in/x', '1 add old/in/x']);
});

await test('compares across thinned snapshots with the one before that is kept', async () => {
  const world = await TestWorkspace.create();
  const story = new Story(world, 2_000);
  await story.commit(new Map([['a', 'one']]));
  await story.commit(new Map([['a', 'two']]));
  await story.commit(new Map([['a', 'two'], ['b', 'x']]));
  const { snapshots } = world.server.account(world.account);
  const [, second, third] = [...snapshots.values()];
  // What thinning does: the record becomes a stub, its rows go to the next that is kept.
  snapshots.set(second!.record.id, { ...second!, rows: [], record: { ...second!.record, sealed: undefined } });
  snapshots.set(third!.record.id, { ...third!, rows: [...second!.rows, ...third!.rows] });
  assert.deepEqual(await story.history('a'), ['3 modify a', '1 add a']);
});

const names = ['a', 'b', 'c'] as const;
const somePath = fc.tuple(fc.constantFrom('', ...names), fc.constantFrom('', ...names), fc.constantFrom('f', 'g', 'h')).map((parts) => parts.filter((part) => part !== '').join('/'));
const someEdit = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), at: somePath, text: fc.constantFrom('1', '2', '3', '4', '5', '6', '7') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at: somePath }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move' as const), at: somePath, to: somePath }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move-folder' as const), at: fc.constantFrom(...names), to: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('big' as const), seed: fc.nat(5) }) },
);
type Edit = typeof someEdit extends fc.Arbitrary<infer T> ? T : never;

function apply(files: Map<string, string>, edit: Edit): void {
  if (edit.kind === 'write') files.set(edit.at, edit.text);
  else if (edit.kind === 'remove') files.delete(edit.at);
  else if (edit.kind === 'big') for (let i = 0; i < 6; i++) files.set(`${names[i % 3]}/${names[(i + edit.seed) % 3]}/big${i}`, `big ${edit.seed} ${i}`);
  else {
    const prefix = edit.kind === 'move' ? edit.at : `${edit.at}/`;
    const target = edit.kind === 'move' ? edit.to : `${edit.to}/`;
    for (const [name, text] of [...files].filter(([each]) => (edit.kind === 'move' ? each === prefix : each.startsWith(prefix)))) {
      files.delete(name);
      files.set(`${target}${name.slice(prefix.length)}`, text);
    }
  }
}

await test('equals brute force over all snapshots, with big pushes and several lanes between', async () => {
  const pushes = fc.array(fc.record({ lane: fc.integer({ min: 0, max: 1 }), edits: fc.array(someEdit, { minLength: 1, maxLength: 4 }) }), { minLength: 1, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(pushes, async (all) => {
      const world = await TestWorkspace.create();
      const story = new Story(world, 3);
      const lanes = [world.lane, await world.newLane()];
      const states = lanes.map(() => new Map<string, string>());
      const seen = new Set<string>();
      for (const { lane, edits } of all) {
        for (const edit of edits) apply(states[lane]!, edit);
        for (const name of states[lane]!.keys()) seen.add(name);
        await story.commit(states[lane]!, lanes[lane]);
      }
      for (const name of [...seen, 'a', 'a/b', 'never']) assert.deepEqual(await story.history(name), await story.bruteForce(name), name);
    }),
    { numRuns: 60 },
  );
});
