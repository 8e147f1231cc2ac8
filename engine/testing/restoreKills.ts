import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { safeFiles } from '../platform/safeFiles.ts';
import { failAt, failStateAt } from './failingFiles.ts';
import type { Dying } from './failingFiles.ts';
import { RestoreScene } from './restoreScene.ts';
import type { FolderSpec } from './testWorkspace.ts';

const plain = { modes: false } as const;
/** What the folder is brought to, from what `prepare` makes. */
export const wanted: FolderSpec = {
  same: 'the same',
  changed: 'as stored',
  deleted: 'comes back',
  meta: { file: 'mode differs', mode: 0o755 },
  link: { link: 'stored' },
  'file now folder': { folder: { inside: 'x' } },
  'folder now file': 'a file again',
  folder: { folder: { kept: 'k', gone: { folder: { deep: { folder: { er: 'y' } } } }, changed: 'new content' }, mode: 0o555 },
  empty: { folder: {} },
};

/** A folder with everything that a restore meets: the same, changed, other kinds, left alone, closed. */
export async function prepare({ folder }: RestoreScene): Promise<void> {
  await folder.write('same', 'the same');
  await folder.write('changed', 'edited, never backed up');
  await folder.write('meta', 'mode differs', { mode: 0o600 });
  await fs.symlink('mine', folder.at('link'));
  await folder.write('file now folder', 'was a file');
  await folder.write('folder now file/a', '1');
  await folder.write('folder now file/b/c', '2');
  await folder.write('folder/kept', 'k');
  await folder.write('folder/changed', 'old content');
  await folder.write('folder/extra', 'nobody wants me');
  await folder.write('extra/ignored', 'left alone');
  await fs.chmod(folder.at('folder'), 0o500);
  // Whole seconds, which every runtime sets exactly.
  for (const [i, name] of (await fs.readdir(folder.text, { recursive: true })).toSorted().entries()) await fs.lutimes(folder.at(name), 1_600_000_000 + i, 1_600_000_000 + i);
}

/** What is there then. */
export const restored = [
  'changed "as stored"',
  'deleted "comes back"',
  'empty directory',
  'extra directory',
  'extra/ignored "left alone"',
  'file now folder directory',
  'file now folder/inside "x"',
  'folder directory',
  'folder now file "a file again"',
  'folder/changed "new content"',
  'folder/extra "nobody wants me"',
  'folder/gone directory',
  'folder/gone/deep directory',
  'folder/gone/deep/er "y"',
  'folder/kept "k"',
  'link -> stored',
  'meta "mode differs"',
  'same "the same"',
];

export interface KillOptions {
  readonly acknowledged: boolean;
  /** Which call that changes something is the last, and how many lie between one try and the next. */
  readonly first: number;
  readonly step: number;
}

type Test = Parameters<typeof RestoreScene.create>[0];

/** Kills a restore at one step after the other; after each, a start, an undo, and nothing is lost. */
export async function killRestores(t: Test, { acknowledged, first, step }: KillOptions): Promise<{ readonly finished: number; readonly undone: number }> {
  const total = { finished: 0, undone: 0 };
  for (let k = first; ; k += step) {
    const scene = await RestoreScene.create(t);
    scene.acknowledged = acknowledged;
    await prepare(scene);
    const before = await scene.folder.describe(plain);
    const dying = failAt(safeFiles, k);
    const state = failStateAt(await scene.state(), dying.count);
    const killed = await dies(dying, k, async () => await scene.restore(wanted, { files: dying.files, state }));
    const recovered = await scene.recover(acknowledged);
    total.finished += recovered.finished;
    total.undone += recovered.undone;
    const after = await afterRecovery(scene, before, `killed at call ${k}`);
    if (String(after) === String(restored)) {
      await scene.undo();
      await scene.recover(true);
      assert.deepEqual(await scene.folder.describe(plain), before, `killed at call ${k}`);
    }
    if (!killed) return total;
  }
}

/** The same for an undo. */
export async function killUndos(t: Test, { acknowledged, first, step }: KillOptions): Promise<void> {
  for (let k = first; ; k += step) {
    const scene = await RestoreScene.create(t);
    scene.acknowledged = acknowledged;
    await prepare(scene);
    const before = await scene.folder.describe(plain);
    await scene.restore(wanted);
    const dying = failAt(safeFiles, k);
    const state = failStateAt(await scene.state(), dying.count);
    const killed = await dies(dying, k, async () => await scene.undo({ files: dying.files, state }));
    await scene.recover(acknowledged);
    await afterRecovery(scene, before, `killed at call ${k}`);
    if (!killed) return;
  }
}

async function dies(dying: Dying, k: number, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
  } catch (error) {
    assert.match(String(error), /killed/);
  }
  return dying.calls() >= k;
}

/** Everything or nothing, and no siblings left once the server has the pre-restore snapshot. */
async function afterRecovery(scene: RestoreScene, before: readonly string[], text: string): Promise<readonly string[]> {
  await scene.recover(true);
  const after = await scene.folder.describe(plain);
  assert.ok([String(before), String(restored)].includes(String(after)), `${text}: ${after.join('\n')}`);
  return after;
}
