import assert from 'node:assert/strict';
import { connect, consent, contentOf, editorTest, eventually, password, picture, user, type EditorBench } from '../host/editorBench.ts';

editorTest('a file is saved twice, looked up, compared, restored, and the restore taken back', { files: { 'a.txt': 'first\n', 'b.txt': 'other\n' } }, async (bench) => {
  const { workbench: w, folder } = bench;
  await signInAndAgree(bench);
  await w.item('Snapshots', 'everything, 2 files').waitFor();

  await w.openFile('a.txt');
  await w.rewrite('second\n');
  await w.item('Snapshots', '1 file changed').first().waitFor();
  await w.rewrite('third\n');
  await w.item('File History', 'saved').nth(1).waitFor();
  assert.equal(await w.item('File History', /new|changed/).count(), 3);

  await compareWithFirst(bench);
  await restoreFirst(bench);
  await w.run('Backup: Undo Last Restore');
  await w.toast('is taken back').waitFor();
  assert.equal(await contentOf(folder, 'a.txt'), 'third\n');
  assert.equal(await contentOf(folder, 'b.txt'), 'other\n');
});

const autosave = { 'files.autoSave': 'afterDelay', 'files.autoSaveDelay': 100, 'holdfast.coalesceSeconds': 3 };

editorTest('what the editor saves by itself is backed up, once for a while of typing', { files: { 'a.txt': 'first\n' }, settings: autosave }, async (bench) => {
  const { workbench: w } = bench;
  await connect(bench);
  await w.container('Backup');
  await w.openFile('a.txt');
  for (const text of ['one\n', 'two\n', 'three\n', 'four\n']) {
    await w.rewrite(text, { save: false });
    await eventually('it is saved by itself', async () => assert.equal(await contentOf(bench.folder, 'a.txt'), text));
  }
  await w.status('Backed up').waitFor();
  await w.item('File History', /changed .*5 B/).waitFor(); // four, with its newline
  assert.ok((await w.item('File History', 'changed').count()) < 4);
});

editorTest('a restore leaves out what has unsaved changes, and says so', { files: { 'src/a.txt': 'first\n', 'src/b.txt': 'first\n' } }, async (bench) => {
  const { workbench: w, folder } = bench;
  await connect(bench);
  await w.container('Backup');
  for (const name of ['a.txt', 'b.txt']) {
    await w.openFile(name);
    await w.rewrite('second\n');
  }
  await w.item('Snapshots', /1 file changed/).nth(1).waitFor();
  await w.rewrite('unsaved\n', { save: false });
  const whole = w.item('Snapshots', 'everything, 2 files');
  await w.action(whole, 'Restore');
  await w.pick('Bring back files, keep everything else');
  await w.modal.getByText('Left out, because of unsaved changes').waitFor();
  await picture(bench, 'restore-unsaved');
  await w.press('Restore', w.modal);
  await w.toast('1 file with unsaved changes left out').waitFor();
  assert.equal(await contentOf(folder, 'src/a.txt'), 'first\n');
  assert.equal(await contentOf(folder, 'src/b.txt'), 'second\n');
});

async function signInAndAgree(bench: EditorBench): Promise<void> {
  const { workbench: w, line } = bench;
  await w.container('Backup');
  await w.page.getByText('Holdfast keeps every version').waitFor();
  await picture(bench, 'signed-out');
  await w.press('Sign In', w.page.locator('.pane-body'));
  await w.answer(/The line that the server printed/, line);
  await w.answer(`Password of ${user}`, password);
  await w.toast('Back up “app” (2 files, 12 B)').waitFor();
  await picture(bench, 'consent');
  await consent(w);
  await w.status('Backed up').waitFor();
}

async function compareWithFirst(bench: EditorBench): Promise<void> {
  const { workbench: w } = bench;
  await w.item('File History', 'new').first().click();
  await w.tab(/a\.txt .*current/).waitFor();
  await w.diff('original').filter({ hasText: 'first' }).waitFor();
  await w.diff('modified').filter({ hasText: 'third' }).waitFor();
  await picture(bench, 'compare');
}

async function restoreFirst(bench: EditorBench): Promise<void> {
  const { workbench: w, folder } = bench;
  await w.action(w.item('File History', 'new').first(), 'Restore');
  await w.modal.getByText('This will').waitFor();
  await picture(bench, 'restore');
  await w.press('Restore', w.modal);
  await w.toast('is restored').waitFor();
  await eventually('a.txt is as it was', async () => assert.equal(await contentOf(folder, 'a.txt'), 'first\n'));
}
