import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertBackedUp, connect, contentOf, editorTest, eventually, type EditorBench } from '../host/editorBench.ts';

const branchFiles = 5_000;
const bigMs = 90_000;
const files = { 'src/a.txt': 'first\n', 'lib/x.txt': 'x\n', 'lib/y.txt': 'y\n', 'deep/er/1.txt': '1\n', 'deep/er/2.txt': '2\n', 'deep/3.txt': '3\n' };

editorTest('what a shell changes is backed up without a save, and a deleted folder comes back from the tree', { files }, async (bench) => {
  const { workbench: w, folder } = bench;
  await connect(bench);
  const client = await bench.commandLine();
  await w.container('Backup');
  await w.item('Snapshots', 'everything, 6 files').waitFor();

  shell(bench, 'sed -i s/first/second/ src/a.txt');
  await w.item('Snapshots', '1 file changed · changed on disk').waitFor();
  shell(bench, 'mv lib moved');
  await w.item('Snapshots', '2 new, 2 deleted').waitFor();
  shell(bench, 'rm -r deep');
  const gone = w.item('Snapshots', '3 deleted');
  await gone.waitFor();
  await assertBackedUp(bench, client);

  await w.expand(gone);
  await w.action(w.item('Snapshots', /^deep.*deleted/), 'Restore');
  await w.pick('Bring back files, keep everything else');
  await w.modal.getByText('write 3 files (6 B), make 2 folders').waitFor();
  await w.press('Restore', w.modal);
  await w.toast('is restored').waitFor();
  await eventually('it is back', async () => assert.equal(await contentOf(folder, 'deep/er/2.txt'), '2\n'));
  await assertBackedUp(bench, client);
});

editorTest('switching a branch of 5,000 files is backed up, there and back', { files: { 'a.txt': 'main\n' } }, async (bench) => {
  shell(bench, 'git init -q -b main && git add . && git commit -qm main && git checkout -qb big');
  for (let file = 0; file < branchFiles; file++) {
    const place = join(bench.folder, `part-${file % 50}`);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${file}.txt`), `of the branch: ${file}\n`);
  }
  shell(bench, 'echo big > a.txt && git add . && git commit -qm big && git checkout -q main');
  await connect(bench);
  const client = await bench.commandLine();
  shell(bench, 'git checkout -q big');
  await assertBackedUp(bench, client, { limitMs: bigMs });
  shell(bench, 'git checkout -q main');
  await assertBackedUp(bench, client, { limitMs: bigMs });
});

function shell({ folder }: EditorBench, line: string): void {
  const who = { GIT_AUTHOR_NAME: 'ann', GIT_AUTHOR_EMAIL: 'ann@example.org', GIT_COMMITTER_NAME: 'ann', GIT_COMMITTER_EMAIL: 'ann@example.org' };
  execFileSync('sh', ['-ec', line], { cwd: folder, env: { ...process.env, ...who, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } });
}
