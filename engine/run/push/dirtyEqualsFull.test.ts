import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PathId } from '../../../protocol/ids.ts';
import { ancestorsOf } from '../../core/byteString.ts';
import type { BytePath } from '../../core/byteString.ts';
import { diffTrees } from '../../core/diff/diffTrees.ts';
import { pathId } from '../../core/paths/pathId.ts';
import type { DiskFolder } from '../../testing/diskFolder.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';
import { memoryStateFolder } from '../../testing/memoryStateFolder.ts';

type Edit =
  | { readonly kind: 'write'; readonly path: string; readonly content: string }
  | { readonly kind: 'folder' | 'remove' | 'touch'; readonly path: string }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'move'; readonly path: string; readonly to: string };

const name = fc.constantFrom('a', 'b', 'c.log', '.gitignore', 'node_modules', 'package.json');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const content = fc.oneof({ weight: 3, arbitrary: fc.string({ maxLength: 20 }) }, fc.constantFrom('*.log', 'a', '!b', 'b/\n', ''));
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), path, content }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('folder' as const, 'remove' as const, 'touch' as const), path }) },
  fc.record({ kind: fc.constant('mode' as const), path, mode: fc.constantFrom(0o600, 0o755) }),
  fc.record({ kind: fc.constant('link' as const), path, target: path }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), path, to: path }) },
);

/** Does it if it can be done; answers the paths that a watcher would name. */
async function apply(folder: DiskFolder, one: Edit): Promise<readonly string[]> {
  const at = folder.at(one.path);
  if (await leadsElsewhere(folder, one)) return [];
  try {
    switch (one.kind) {
      case 'write':
        await fs.writeFile(at, one.content);
        break;
      case 'folder':
        await fs.mkdir(at);
        break;
      case 'remove':
        await fs.rm(at, { recursive: true });
        break;
      case 'touch':
        await fs.utimes(at, 1_600_000_000, 1_600_000_000);
        break;
      case 'mode':
        await fs.chmod(at, one.mode);
        break;
      case 'link':
        await fs.symlink(one.target, at);
        break;
      case 'move':
        await fs.rename(at, folder.at(one.to));
        return [one.path, one.to];
      default:
        one satisfies never;
    }
    return [one.path];
  } catch {
    return []; // There is no such thing, or something in its place.
  }
}

/** What is done through a link happens at a path that is not named here. */
async function leadsElsewhere(folder: DiskFolder, one: Edit): Promise<boolean> {
  const isLink = async (each: string): Promise<boolean> => {
    try {
      return (await fs.lstat(folder.at(each))).isSymbolicLink();
    } catch {
      return false; // There is nothing at all.
    }
  };
  const paths = one.kind === 'move' ? [one.path, one.to] : [one.path];
  for (const each of paths) {
    const names = each.split('/');
    for (let length = 1; length < names.length; length++) if (await isLink(names.slice(0, length).join('/'))) return true;
  }
  return ['write', 'mode', 'touch'].includes(one.kind) && (await isLink(one.path));
}

async function check(steps: readonly (readonly Edit[])[]): Promise<void> {
  const cleanUps: (() => Promise<void>)[] = [];
  try {
    const world = await FolderWorld.create({ after: (run) => void cleanUps.push(run) });
    const byDirtySet = await world.engine();
    const byScan = await world.engine({ device: world.newId(), state: memoryStateFolder(), outbox: memoryStateFolder() });
    await world.push(byDirtySet);
    await world.push(byScan);
    for (const edits of steps) {
      const dirty = new Set<string>();
      for (const one of edits) for (const each of await apply(world.folder, one)) dirty.add(each);
      await world.push(byDirtySet, { dirty: dirty as ReadonlySet<string> as ReadonlySet<BytePath> });
      await world.push(byScan);
      assert.equal(byDirtySet.tip?.root, byScan.tip?.root, `after ${JSON.stringify(edits)}`);
    }
    await checkRows(world);
    await world.stored(world.snapshots().at(-1)!.header);
  } finally {
    for (const run of cleanUps) await run();
  }
}

/** Every path that differs from the lane's snapshot before has a row, or lies in a directory with one that speaks for it. */
async function checkRows(world: FolderWorld): Promise<void> {
  const { context, signal } = world;
  const source = new ObjectReader({ repository: world.connect(world.device).repository, context, signal });
  const stored = [...world.server.account(world.account).snapshots.values()];
  for (const { header, rows, record } of stored) {
    const before = stored.find(({ record: { id } }) => id === header.prev)?.header.root;
    const idOf = (path: BytePath): PathId => pathId(header.workspace, path, context);
    for await (const { path } of diffTrees(source, { before, after: header.root })) {
      const own = idOf(path);
      const above = new Set(Array.from(ancestorsOf(path), idOf));
      const covered = rows.some((row) => row.path === own || (above.has(row.path) && (row.kind === 'below' || row.kind === 'moved-from')));
      assert.ok(covered, `${path} has no row in ${record.id}`);
    }
  }
}

test('a push by dirty set comes to the same tree as a push by a scan of everything', async () => {
  const steps = fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });
  await fc.assert(fc.asyncProperty(steps, check), { numRuns: Number(process.env.RUNS ?? 60), ...(process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }) });
});
