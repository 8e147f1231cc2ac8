import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sameTime } from '../../core/diff/compareEntries.ts';
import { DiskFolder } from '../../testing/diskFolder.ts';
import { RestoreScene, specOfDisk } from '../../testing/restoreScene.ts';
import { path } from '../../testing/testWorkspace.ts';
import type { FolderSpec, Spec } from '../../testing/testWorkspace.ts';
import { restoreInto } from './restoreInto.ts';

/** Bytes as names need them here: what `describe` shows must be what Node makes of a name. */
const someName = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.string({ minLength: 1, maxLength: 12 }).map((text) => text.replace(/[/\0\ud800-\udfff]/g, '_'))).filter((name) => name !== '.' && name !== '..');
const someTime = fc.bigInt({ min: -2_000_000_000_000_000n, max: 4_000_000_000_000_000n }).map((micros) => micros * 1_000n);
const someFile = fc.record({ file: fc.uint8Array({ maxLength: 40 }), mode: fc.constantFrom(0o644, 0o600, 0o755, 0o444, 0o666, 0o4755), mtimeNs: someTime });
const someLink = fc.record({ link: fc.constantFrom('a', '../b', '/etc/passwd', 'nowhere', '.') });
const { spec: someSpec } = fc.letrec<{ spec: FolderSpec; one: Spec }>((tie) => ({
  spec: fc.dictionary(someName, tie('one'), { maxKeys: 5, noNullPrototype: true }),
  one: fc.oneof({ depthSize: 'small', withCrossShrink: true }, someFile, someLink, fc.record({ folder: tie('spec'), mode: fc.constantFrom(0o755, 0o700, 0o555), mtimeNs: someTime })),
}));

interface Line {
  readonly text: string;
  /** Not of links: their own times are compared where they are restored, but an undo may have made them anew. */
  readonly mtimeNs: bigint;
}

function linesOf(spec: FolderSpec, prefix = ''): readonly Line[] {
  const lines = Object.entries(spec).flatMap(([name, one]): readonly Line[] => {
    const at = `${prefix}${name}`;
    if (typeof one === 'string' || one instanceof Uint8Array) return [{ text: at, mtimeNs: 0n }];
    if ('link' in one && typeof one.link === 'string') return [{ text: `${at} -> ${one.link}`, mtimeNs: 0n }];
    const { mode = 0, mtimeNs = 0n } = one as { mode?: number; mtimeNs?: bigint };
    if ('file' in one) return [{ text: `${at} ${Buffer.from(one.file as Uint8Array).toString('hex')} ${mode.toString(8)}`, mtimeNs }];
    return [{ text: `${at} ${mode.toString(8)}`, mtimeNs }, ...linesOf((one as { folder: FolderSpec }).folder, `${at}/`)];
  });
  return lines.toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

function assertAlike(actual: FolderSpec, expected: FolderSpec, text: string): void {
  const [now, then] = [linesOf(actual), linesOf(expected)];
  assert.deepEqual(now.map((line) => line.text), then.map((line) => line.text), text);
  for (const [i, line] of now.entries()) assert.ok(sameTime(line.mtimeNs, then[i]!.mtimeNs), `${text}: ${line.text} ${line.mtimeNs} ${then[i]!.mtimeNs}`);
}

await test('a random tree comes back as it was stored', async (t) => {
  await fc.assert(
    fc.asyncProperty(someSpec, async (spec) => {
      const scene = await RestoreScene.create(t);
      const into = await DiskFolder.create(t);
      const options = await scene.options(await scene.world.store(spec), { folder: into.path });
      const report = await restoreInto({ ...options, path: path('') });
      assert.deepEqual([report.failed, report.refused], [[], []]);
      assertAlike(await specOfDisk(into.text), spec, 'restored');
      const again = await restoreInto({ ...options, path: path('') });
      assert.deepEqual([again.totals.files, again.totals.meta, again.totals.symlinks], [0, 0, 0]);
    }),
    { numRuns: 30 },
  );
});

await test('any folder is brought to any snapshot in place, exactly, and undo brings it back', async (t) => {
  await fc.assert(
    fc.asyncProperty(someSpec, someSpec, fc.boolean(), async (first, second, acknowledged) => {
      const scene = await RestoreScene.create(t);
      scene.acknowledged = acknowledged;
      await scene.restore(first);
      await scene.recover();
      const before = await specOfDisk(scene.folder.text);
      const keptNames = async (directory: string) => new Set(await names(scene, directory)) as never;
      const report = await scene.restore(second, { deleteOthers: { keptNames } });
      assert.deepEqual([report.failed, report.refused, report.left, report.keptBeside], [[], [], [], []]);
      if (acknowledged) assertAlike(await specOfDisk(scene.folder.text), second, 'restored over another');
      if (report.before === undefined) return;
      const undone = await scene.undo();
      assert.deepEqual([undone.failed, undone.refused, undone.left, undone.keptBeside], [[], [], [], []]);
      await scene.recover();
      assertAlike(await specOfDisk(scene.folder.text), before, 'undone');
    }),
    // A name that a plain object takes for its prototype once made this test fail.
    { numRuns: 30, examples: [[{ ['__proto__']: { file: new Uint8Array(), mode: 0o644, mtimeNs: 0n } }, {}, true]] },
  );
});

async function names(scene: RestoreScene, directory: string): Promise<readonly string[]> {
  const { readdir } = await import('node:fs/promises');
  const found = await readdir(Buffer.from(`${scene.folder.text}/${directory}`, 'latin1'), { encoding: 'buffer' });
  return found.map((name) => name.toString('latin1'));
}
