// Run by ui/fullDisk.test.ts with a small disk of its own: `node fullDisk.ts DISK`.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertBackedUp, connect, editorTest, picture } from './host/editorBench.ts';

const disk = process.argv[2]!;
const patient = { timeout: 60_000 };

editorTest('the disk of the server is full', { files: { 'a.txt': 'first\n' }, data: join(disk, 'server') }, async (bench) => {
  const { workbench: w, folder } = bench;
  await connect(bench);
  const client = await bench.commandLine();
  await fill(join(disk, 'filler'));
  for (let part = 0; part < 128; part++) await writeFile(join(folder, `${part}.bin`), crypto.getRandomValues(new Uint8Array(65_536)));
  await w.toast('The disk of the server is full').waitFor(patient);
  await w.status('Backup: failed').waitFor(patient);
  await picture(bench, 'disk-full');
  await rm(join(disk, 'filler'));
  await w.run('Backup: Push Workspace');
  await assertBackedUp(bench, client, { limitMs: 90_000 });
  await w.status('Backed up').waitFor(patient);
});

async function fill(file: string): Promise<void> {
  const block = new Uint8Array(1 << 16);
  // Until there is no room.
  while (await writeFile(file, block, { flag: 'a' }).then(() => true, () => false));
}
