import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../engine/core/byteString.ts';
import type { SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import type { ChangeSummary, EntrySummary, SnapshotSummary } from '../messages/engineCalls.ts';
import { entriesPage, nodeId, snapshotsPage, SnapshotTree, type Ask, type TreeNode } from './snapshotTree.ts';

const noon = new Date(2026, 2, 3, 12, 0, 0).getTime();
const workspace = 'w' as WorkspaceId;
const at = { folder: '/app', name: 'app' };

function snapshot(seq: number): SnapshotSummary {
  return {
    id: String(seq).padStart(64, '0') as SnapshotId,
    workspace,
    seq,
    receivedAt: noon,
    deviceName: 'here',
    trigger: 'manual',
    partial: false,
    stub: false,
    first: seq === 1,
    message: undefined,
    counts: undefined,
    warnings: 0,
    changed: [],
  };
}

/** An engine with so many snapshots, and one directory. */
class FakeEngine {
  count: number;
  entries: EntrySummary[] = [];
  changes: ChangeSummary[] = [];
  asked: string[] = [];

  constructor(count: number) {
    this.count = count;
  }

  readonly ask: Ask = async (name, params) => {
    this.asked.push(name);
    // The answers have the types of their calls; which one it is the compiler cannot follow.
    return (await Promise.resolve(this.#answer(name, params))) as never;
  };

  #answer(name: string, params: unknown): unknown {
    switch (name) {
      case 'workspaceOf':
        return { id: workspace, name: 'app' };
      case 'snapshots': {
        const { before = this.count + 1, limit } = params as { readonly before?: number; readonly limit: number };
        return Array.from({ length: Math.min(limit, before - 1) }, (_, i) => snapshot(before - 1 - i));
      }
      case 'changes':
        return { previous: undefined, changes: this.changes, more: false };
      case 'directory':
        return this.entries;
      default:
        throw new Error(`unexpected call ${name}`);
    }
  }
}

function treeOf(engine: FakeEngine): SnapshotTree {
  const tree = new SnapshotTree({ ask: engine.ask, now: () => noon });
  tree.folders = [at];
  return tree;
}

const shown = async (tree: SnapshotTree): Promise<number> => {
  const nodes = await tree.children({ kind: 'workspace', at });
  return nodes.reduce((sum, node) => sum + (node.kind === 'day' ? node.day.count : 0), 0);
};

test('leads from the workspace over days and snapshots to changes and the whole folder', async () => {
  const engine = new FakeEngine(2);
  engine.changes = [{ path: 'a' as BytePath, kind: 'modify', entry: 'file' }];
  const tree = treeOf(engine);
  const [day] = await tree.children(tree.roots()[0]!);
  const [newest] = await tree.children(day!);
  const below = await tree.children(newest!);
  assert.deepEqual([day, newest, ...below].map((node) => node?.kind), ['day', 'snapshot', 'change', 'whole']);
});

test('loads older snapshots a page at a time, and says when there are no more', async () => {
  const engine = new FakeEngine(snapshotsPage + 50);
  const tree = treeOf(engine);
  assert.equal(await shown(tree), snapshotsPage);
  assert.equal((await tree.children({ kind: 'workspace', at })).at(-1)?.kind, 'moreSnapshots');
  await tree.loadMore(at.folder);
  assert.equal(await shown(tree), snapshotsPage + 50);
  assert.notEqual((await tree.children({ kind: 'workspace', at })).at(-1)?.kind, 'moreSnapshots');
});

test('new snapshots come in by one question, and what was loaded stays', async () => {
  const engine = new FakeEngine(snapshotsPage + 50);
  const tree = treeOf(engine);
  await shown(tree);
  await tree.loadMore(at.folder);
  engine.count += 3;
  engine.asked = [];
  await tree.refresh(at.folder);
  assert.deepEqual(engine.asked, ['snapshots']);
  assert.equal(await shown(tree), snapshotsPage + 53);
});

test('after many new ones there is no gap in the list', async () => {
  const engine = new FakeEngine(10);
  const tree = treeOf(engine);
  await shown(tree);
  engine.count = 10 + 2 * snapshotsPage;
  await tree.refresh(at.folder);
  assert.equal(await shown(tree), snapshotsPage);
  await tree.loadMore(at.folder);
  await tree.loadMore(at.folder);
  assert.equal(await shown(tree), engine.count);
});

test('a large directory is shown a page at a time, folders first', async () => {
  const engine = new FakeEngine(1);
  const name = (n: number): BytePath => `f${String(n).padStart(5, '0')}` as BytePath;
  engine.entries = Array.from({ length: entriesPage + 10 }, (_, n) => ({ path: name(n), kind: n === 100 ? 'directory' : 'file', size: 1, modifiedAt: 0 }));
  const tree = treeOf(engine);
  const whole: TreeNode = { kind: 'whole', at, snapshot: snapshot(1) };
  const nodes = await tree.children(whole);
  assert.equal(nodes.length, entriesPage + 1);
  const [first, last] = [nodes[0], nodes.at(-1)];
  assert.equal(first?.kind === 'entry' && first.entry.kind, 'directory');
  assert.ok(last?.kind === 'moreEntries' && last.left === 10);
  tree.showMore(last.key);
  assert.equal((await tree.children(whole)).length, entriesPage + 10);
});

test('a folder that was never backed up has a note and no error', async () => {
  const tree = treeOf(new FakeEngine(0));
  assert.deepEqual((await tree.children({ kind: 'workspace', at })).map(({ kind }) => kind), ['note']);
});

test('no two nodes have the same id', async () => {
  const engine = new FakeEngine(3);
  engine.changes = [{ path: 'a' as BytePath, kind: 'modify', entry: 'file' }];
  engine.entries = [{ path: 'a' as BytePath, kind: 'file', size: 1, modifiedAt: 0 }];
  const tree = treeOf(engine);
  const ids: string[] = [];
  const walk = async (nodes: readonly TreeNode[]): Promise<void> => {
    for (const node of nodes) {
      ids.push(nodeId(node));
      await walk(await tree.children(node));
    }
  };
  await walk(tree.roots());
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, 1 + 1 + 3 * 4);
});
