import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import test from 'node:test';
import type { TestContext } from 'node:test';
import type { BytePath } from '../../core/byteString.ts';
import { isWithin } from '../../core/byteString.ts';
import { diffTrees } from '../../core/diff/diffTrees.ts';
import { safeFiles } from '../../platform/safeFiles.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';
import { memoryStateFolder } from '../../testing/memoryStateFolder.ts';
import { collect, path } from '../../testing/testWorkspace.ts';
import type { FolderEngine } from '../folderEngine.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { findSnapshot, findSnapshotById } from '../read/snapshots.ts';
import type { InPlaceOptions } from './inPlace.ts';
import { restoreInPlace } from './restoreInPlace.ts';
import { undoRestore } from './undoRestore.ts';

class Scene {
  readonly world: FolderWorld;
  readonly engine: FolderEngine;
  readonly #state = memoryStateFolder();

  static async create(t: TestContext): Promise<Scene> {
    const world = await FolderWorld.create(t);
    return new Scene(world, await world.engine());
  }

  private constructor(world: FolderWorld, engine: FolderEngine) {
    this.world = world;
    this.engine = engine;
  }

  options(): InPlaceOptions {
    const { context, folder, clock, signal } = this.world;
    const { repository } = this.world.network;
    return {
      reader: new ObjectReader({ repository, context, signal }),
      context,
      files: safeFiles,
      folder: folder.path,
      state: this.#state,
      rootOf: async (id) => (await findSnapshotById(id, { repository, signal })).header.root,
      capture: async (paths) => {
        const report = await this.world.push(this.engine, { trigger: 'before-restore', include: paths });
        const warned = report.warnings.map((warning) => warning.path);
        const uncapturable = new Set([...paths].filter((each) => warned.some((warning) => isWithin(each, warning))));
        return { snapshot: report.snapshot!, acknowledged: report.outcome !== 'queued', uncapturable };
      },
      clock,
      windows: false,
      signal,
      onProgress: () => undefined,
    };
  }

  async restore(name: string, at: BytePath = path('')) {
    const scope = { repository: this.world.network.repository, workspace: this.engine.workspace!, signal: this.world.signal };
    const { id, header } = await findSnapshot(name, scope);
    return await restoreInPlace({ ...this.options(), snapshot: id, root: header.root, path: at, deleteOthers: undefined });
  }
}

await test('a folder restored from its last snapshot is pushed as unchanged', async (t) => {
  const { world, engine, restore } = bound(await Scene.create(t));
  await world.folder.write('a', 'one', { mode: 0o600 });
  await world.folder.write('d/b', 'two', { mode: 0o755 });
  await world.folder.write('d/e/c', 'three');
  await fs.symlink('d/b', world.folder.at('link'));
  const first = await world.push(engine);
  await world.folder.write('a', 'edited', { mode: 0o644 });
  await fs.rm(world.folder.at('d'), { recursive: true });
  await fs.rm(world.folder.at('link'));
  const report = await restore(first.snapshot!);
  assert.deepEqual([report.failed, report.refused, report.left], [[], [], []]);
  const after = await world.push(engine);
  const reader = new ObjectReader({ repository: world.network.repository, context: world.context, signal: world.signal });
  const trees = { before: await rootOf(world, first.snapshot!), after: await rootOf(world, after.snapshot!) };
  assert.deepEqual(await collect(diffTrees(reader, trees)), []);
  assert.equal((await world.push(engine, { force: true })).outcome, 'unchanged');
});

await test('undo brings back ignored files that a restore wrote over or deleted', async (t) => {
  const scene = await Scene.create(t);
  const { world, engine, restore } = bound(scene);
  await world.folder.write('secret.env', 'first');
  await world.folder.write('build/out', 'first');
  const first = await world.push(engine);
  await world.folder.write('.gitignore', '*.env\nbuild\n');
  await world.folder.write('secret.env', 'never backed up');
  await fs.rm(world.folder.at('build'), { recursive: true });
  await world.folder.write('build', 'a file now, ignored');
  const second = await world.push(engine);
  assert.notEqual(second.snapshot, first.snapshot);
  const before = await world.folder.describe();
  const report = await restore(first.snapshot!);
  assert.deepEqual([report.failed, report.refused, report.left, report.keptBeside], [[], [], [], []]);
  assert.equal(await world.folder.read('secret.env'), 'first');
  assert.equal(await world.folder.read('build/out'), 'first');
  const undone = await undoRestore(scene.options());
  assert.deepEqual([undone.failed, undone.refused, undone.left, undone.keptBeside], [[], [], [], []]);
  assert.deepEqual(await world.folder.describe(), before);
});

await test('a link replaced by a folder, and a folder by a link, come back by undo', async (t) => {
  const scene = await Scene.create(t);
  const { world, engine, restore } = bound(scene);
  await world.folder.write('x/inside', 'was a folder');
  await fs.symlink('elsewhere', world.folder.at('y'));
  const first = await world.push(engine);
  await fs.rm(world.folder.at('x'), { recursive: true });
  await fs.symlink('/etc', world.folder.at('x'));
  await fs.rm(world.folder.at('y'));
  await world.folder.write('y/inside', 'is a folder');
  const before = await world.folder.describe();
  const report = await restore(first.snapshot!);
  assert.deepEqual([report.failed, report.refused, report.left], [[], [], []]);
  assert.deepEqual(await world.folder.describe({ modes: false }), ['x directory', 'x/inside "was a folder"', 'y -> elsewhere']);
  await undoRestore(scene.options());
  assert.deepEqual(await world.folder.describe(), before);
});

function bound(scene: Scene) {
  return { world: scene.world, engine: scene.engine, restore: scene.restore.bind(scene) };
}

async function rootOf({ network, signal }: FolderWorld, id: NonNullable<Awaited<ReturnType<FolderWorld['push']>>['snapshot']>) {
  return (await findSnapshotById(id, { repository: network.repository, signal })).header.root;
}
