// Run by ui/network.test.ts in a network of its own: `node otherAddress.ts ADDRESS`.
import { assertBackedUp, connect, editorTest } from './host/editorBench.ts';

editorTest('on another address', { files: { 'a.txt': 'first\n' }, host: process.argv[2]! }, async (bench) => {
  await connect(bench);
  await bench.workbench.openFile('a.txt');
  await bench.workbench.rewrite('second\n');
  await assertBackedUp(bench, await bench.commandLine());
});
