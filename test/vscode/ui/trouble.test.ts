import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestClient } from '../../e2e/testClient.ts';
import { assertSameTree, readTreeState } from '../../e2e/treeState.ts';
import { assertBackedUp, connect, consent, editorTest, eventually, password, picture, user, type EditorBench } from '../host/editorBench.ts';

const moreThanAPush = 1_500;
const patient = { timeout: 60_000 };

editorTest('the server goes away and comes back: what is saved meanwhile waits and is sent by itself', { files: { 'a.txt': 'first\n' } }, async (bench) => {
  const { workbench: w, server } = bench;
  await connect(bench);
  await server.kill();
  await w.openFile('a.txt');
  await w.rewrite('while it was away\n');
  await w.status(/Backup: (1 queued|offline)/).waitFor(patient);
  await picture(bench, 'offline');
  assert.equal(await w.toast(/./).count(), 0, 'nobody needs to act, so nobody is told');
  await server.start();
  await w.status('Backed up').waitFor(patient);
  await assertBackedUp(bench, await bench.commandLine());
});

editorTest('a wrong password, a token revoked elsewhere: each says what to do, and goes on after it', { files: { 'a.txt': 'first\n' } }, async (bench) => {
  const { workbench: w } = bench;
  await w.status('Backup: sign in').waitFor();
  await signIn(bench, 'not the password');
  await w.toast(/Your files and everything the server acknowledged are as they were/).waitFor();
  await picture(bench, 'wrong-password');
  await w.clearToasts();
  await signIn(bench, password);
  await consent(w);
  await w.status('Backed up').waitFor();

  const client = await bench.commandLine();
  await revokeEditor(client);
  await w.openFile('a.txt');
  await w.rewrite('after it was revoked\n');
  await w.status('Backup: failed').waitFor(patient);
  await picture(bench, 'revoked');
  await w.press('Sign In', w.toast('Sign in again'));
  await answerSignIn(bench, password);
  await w.status('Backed up').waitFor(patient);
  await assertBackedUp(bench, client);
});

editorTest('another certificate than before: nothing is sent, and it says so', { files: { 'a.txt': 'first\n' } }, async (bench) => {
  const { workbench: w, server } = bench;
  await connect(bench);
  await server.stop();
  await rm(join(server.data, 'tls'), { recursive: true });
  await server.start();
  await w.openFile('a.txt');
  await w.rewrite('second\n');
  await w.toast('certificate').waitFor(patient);
  await picture(bench, 'certificate');
  await w.status('Backup: failed').waitFor(patient);
});

editorTest('a window reloaded and an extension host killed in the middle of a push lose nothing', { files: { 'a.txt': 'first\n' } }, async (bench) => {
  const { workbench: w, folder, code } = bench;
  await connect(bench);
  const client = await bench.commandLine();
  await writeMany(folder, 'one');
  await w.page.reload();
  await assertBackedUp(bench, client, { limitMs: 90_000 });
  await writeMany(folder, 'two');
  assert.ok((await code.killExtensionHosts()) > 0);
  await w.page.reload();
  await assertBackedUp(bench, client, { limitMs: 90_000 });
});

const big = Object.fromEntries(Array.from({ length: moreThanAPush }, (_, file) => [`big/${file}.txt`, `${file}\n`]));

editorTest('an extension host killed in the middle of a restore: it is finished or taken back, and can be done again', { files: big }, async (bench) => {
  const { workbench: w, folder, code } = bench;
  await connect(bench);
  const before = await readTreeState(folder);
  await w.container('Backup');
  await w.item('Snapshots', 'everything, 1,500 files').waitFor();
  await rm(join(folder, 'big'), { recursive: true });
  await w.item('Snapshots', '1,500 deleted').waitFor(patient);
  await restoreAll(bench);
  await w.toast('Restoring').waitFor();
  assert.ok((await code.killExtensionHosts()) > 0);
  await w.page.reload();
  await w.status('Backed up').waitFor(patient);
  await restoreAll(bench);
  await w.toast(/is restored|there is nothing to restore|was finished now/).first().waitFor(patient);
  await eventually('the folder is as it was', async () => assertSameTree(await readTreeState(folder), before));
});

/** Up to where it begins; nothing is asked where there is nothing to do. */
async function restoreAll({ workbench: w }: EditorBench): Promise<void> {
  await w.container('Backup');
  await w.action(w.item('Snapshots', 'everything, 1,500 files'), 'Restore');
  await w.pick('Bring back files, keep everything else');
  await w.modal.or(w.toast('there is nothing to restore')).first().waitFor(patient);
  if (await w.modal.isVisible()) await w.press('Restore', w.modal);
}

async function signIn(bench: EditorBench, typed: string): Promise<void> {
  await bench.workbench.run('Backup: Sign In');
  await answerSignIn(bench, typed);
}

async function answerSignIn({ workbench: w, line }: EditorBench, typed: string): Promise<void> {
  await w.answer(/The line that the server printed/, line);
  await w.answer(`Password of ${user}`, typed);
}

async function revokeEditor(client: TestClient): Promise<void> {
  const { devices } = await client.json(['devices']);
  const [editor] = (devices as { id: string; current: boolean; revoked: boolean }[]).filter(({ current, revoked }) => !current && !revoked);
  await client.json(['devices', 'revoke', editor!.id]);
}

/** Enough to be still under way when something happens. */
async function writeMany(folder: string, text: string): Promise<void> {
  for (let file = 0; file < moreThanAPush; file++) await writeFile(join(folder, `${file}.txt`), `${text} ${file}\n`);
}
