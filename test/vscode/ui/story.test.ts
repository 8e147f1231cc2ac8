import assert from 'node:assert/strict';
import { connect, contentOf, editorTest, eventually } from '../host/editorBench.ts';

editorTest('a file is saved twice, looked up, compared, restored, and the restore taken back', { files: { 'a.txt': 'first\n', 'b.txt': 'other\n' } }, async (bench) => {
  const { workbench: w, folder } = bench;
  await connect(bench);
  await w.container('Backup');
  await w.item('Snapshots', 'everything, 2 files').waitFor();

  await w.openFile('a.txt');
  await w.rewrite('second\n');
  await w.item('Snapshots', '1 file changed').first().waitFor();
  await w.rewrite('third\n');
  await w.item('File History', 'saved').nth(1).waitFor();
  assert.equal(await w.item('File History', /new|changed/).count(), 3);

  const first = w.item('File History', 'new').first();
  await first.click();
  await w.tab(/a\.txt .*current/).waitFor();
  await w.diff('original').filter({ hasText: 'first' }).waitFor();
  await w.diff('modified').filter({ hasText: 'third' }).waitFor();

  await w.action(first, 'Restore');
  await w.modal.getByText('This will').waitFor();
  await w.press('Restore', w.modal);
  await w.toast('is restored').waitFor();
  await eventually('a.txt is as it was', async () => assert.equal(await contentOf(folder, 'a.txt'), 'first\n'));

  await w.run('Backup: Undo Last Restore');
  await w.toast('is taken back').waitFor();
  assert.equal(await contentOf(folder, 'a.txt'), 'third\n');
  assert.equal(await contentOf(folder, 'b.txt'), 'other\n');
});
