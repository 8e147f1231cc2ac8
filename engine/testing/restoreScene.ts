import * as fs from 'node:fs/promises';
import type { SnapshotId, TreeId } from '../../protocol/ids.ts';
import type { BytePath } from '../core/byteString.ts';
import { safeFiles } from '../platform/safeFiles.ts';
import { openStateFolder } from '../platform/stateFolder.ts';
import type { StateFolder } from '../ports/stateFolder.ts';
import { ObjectReader } from '../run/read/objectReader.ts';
import { findSnapshotById } from '../run/read/snapshots.ts';
import type { Captured } from '../run/restore/inPlace.ts';
import { recoverRestores } from '../run/restore/recoverRestores.ts';
import type { Recovered } from '../run/restore/recoverRestores.ts';
import { restoreInPlace } from '../run/restore/restoreInPlace.ts';
import type { RestoreInPlaceOptions } from '../run/restore/restoreInPlace.ts';
import type { InPlaceReport } from '../run/restore/restoreReport.ts';
import { undoRestore } from '../run/restore/undoRestore.ts';
import type { UndoOptions } from '../run/restore/undoRestore.ts';
import { DiskFolder } from './diskFolder.ts';
import { path, TestWorkspace } from './testWorkspace.ts';
import type { FolderSpec, Spec } from './testWorkspace.ts';

/** A folder on the real disk, its state, and a server in memory, for in-place restores. */
export class RestoreScene {
  readonly world: TestWorkspace;
  readonly folder: DiskFolder;
  readonly #state: DiskFolder;
  acknowledged = true;
  uncapturable: readonly string[] = [];
  captured: readonly BytePath[] = [];

  static async create(t: { after(run: () => Promise<void>): void }): Promise<RestoreScene> {
    return new RestoreScene(await TestWorkspace.create(), await DiskFolder.create(t), await DiskFolder.create(t));
  }

  private constructor(world: TestWorkspace, folder: DiskFolder, state: DiskFolder) {
    this.world = world;
    this.folder = folder;
    this.#state = state;
  }

  async state(): Promise<StateFolder> {
    return await openStateFolder(this.#state.text);
  }

  async options(root: TreeId, other: Partial<RestoreInPlaceOptions> = {}): Promise<RestoreInPlaceOptions & UndoOptions> {
    const { signal } = new AbortController();
    const { context, repository } = this.world;
    return {
      reader: new ObjectReader({ repository, context, signal }),
      context,
      files: safeFiles,
      folder: this.folder.path,
      state: await this.state(),
      capture: async (paths) => await this.#capture(paths),
      clock: { now: () => 1_700_000_000_000 },
      windows: false,
      signal,
      onProgress: () => undefined,
      snapshot: '0'.repeat(64) as SnapshotId,
      root,
      path: path(''),
      deleteOthers: undefined,
      rootOf: async (id) => (await findSnapshotById(id, { repository, signal })).header.root,
      ...other,
    };
  }

  async restore(spec: FolderSpec, other: Partial<RestoreInPlaceOptions> = {}): Promise<InPlaceReport> {
    return await restoreInPlace(await this.options(await this.world.store(spec), other));
  }

  async undo(other: Partial<RestoreInPlaceOptions> = {}): Promise<InPlaceReport> {
    return await undoRestore(await this.options('0'.repeat(48) as TreeId, other));
  }

  async recover(acknowledged = true): Promise<Recovered> {
    return await recoverRestores({ ...(await this.options('' as TreeId)), acknowledged: async () => acknowledged });
  }

  /** The whole folder as it is, as a push of it with everything included would make it. */
  async #capture(paths: ReadonlySet<BytePath>): Promise<Captured> {
    this.captured = [...paths].sort();
    const snapshot = await this.world.commit(await specOfDisk(this.folder.text));
    return { snapshot, acknowledged: this.acknowledged, uncapturable: new Set(this.uncapturable.map(path)) };
  }
}

/** What is in a folder on the disk, exactly. */
export async function specOfDisk(folder: string): Promise<FolderSpec> {
  const entries: [string, Spec][] = [];
  for (const name of await fs.readdir(folder)) {
    const at = `${folder}/${name}`;
    const stat = await fs.lstat(at, { bigint: true });
    const meta = { mode: Number(stat.mode) & 0o7777, mtimeNs: stat.mtimeNs };
    if (stat.isSymbolicLink()) entries.push([name, { link: await fs.readlink(at) }]);
    else if (stat.isDirectory()) entries.push([name, { folder: await specOfDisk(at), ...meta }]);
    else if (stat.isFile()) entries.push([name, { file: await fs.readFile(at), ...meta }]);
  }
  return Object.fromEntries(entries); // makes even `__proto__` a property like any other
}
