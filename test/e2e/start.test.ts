import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, writeFiles } from './bench.ts';
import { assertSameTree, readTreeState } from './treeState.ts';

const script = fileURLToPath(new URL('../../scripts/start.ts', import.meta.url));

interface Started {
  readonly code: number | null;
  readonly said: string;
}

interface Start {
  readonly folder: string;
  readonly words: readonly string[];
  readonly onLine?: (line: string, stop: () => void) => void;
}

/** `npm start` with a folder of its own to keep things in, and no editor but those in its `bin`. `onLine` may send it a signal. */
async function start(one: Start): Promise<Started> {
  const { VSCODE_IPC_HOOK_CLI: _, ...outer } = process.env;
  const child = spawn(process.execPath, [script, ...one.words], {
    env: { ...outer, PATH: join(one.folder, 'bin'), HOLDFAST_DEV_FOLDER: join(one.folder, 'dev') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part));
  createInterface({ input: child.stdout }).on('line', (line) => {
    said += `${line}\n`;
    one.onLine?.(line, () => void child.kill('SIGINT'));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

async function folderFor(context: TestContext): Promise<string> {
  return await temporaryFolder({ after: (cleanUp) => context.after(cleanUp) });
}

test('the demonstration runs, runs again, and shows the same password', { timeout: 300_000 }, async (context) => {
  const folder = await folderFor(context);
  const passwords = new Set<string | undefined>();
  for (let run = 1; run <= 2; run++) {
    const { code, said } = await start({ folder, words: ['--once'] });
    assert.equal(code, 0, said);
    assert.match(said, /notes\/todo\.md is the older one/);
    assert.match(said, /npm run package makes \S+\.vsix\. To install the extension: code --install-extension/);
    passwords.add(/password (\S+)\./.exec(said)?.[1]);
  }
  assert.equal(passwords.size, 1);
  assert.ok(!passwords.has(undefined));
});

test('a folder that is given is only read, and Ctrl-C ends the serving cleanly', { timeout: 300_000 }, async (context) => {
  const folder = await folderFor(context);
  const own = await writeFiles(join(folder, 'own'), { 'a.txt': 'a', 'dir/b.txt': 'b' });
  const before = await readTreeState(own);
  const onLine = (line: string, stop: () => void): void => {
    if (line.startsWith('Serving.')) stop();
  };
  const { code, said } = await start({ folder, words: [own], onLine });
  assert.equal(code, 0, said);
  assert.match(said, /To install the extension: code --install-extension \S+dev\/holdfast-[\d.]+\.vsix /);
  assert.match(said, /login holdfast:\/\/demo@127\.0\.0\.1:\d+#[0-9a-f]{64}/);
  assertSameTree(await readTreeState(own), before);
});

test('an editor on PATH gets the extension in a profile of its own and opens the sample', { timeout: 300_000, skip: process.platform === 'win32' && 'the stand-in is a shell script' }, async (context) => {
  const folder = await folderFor(context);
  const dev = join(folder, 'dev');
  await mkdir(join(folder, 'bin'));
  const standIn = join(folder, 'bin/code');
  await writeFile(standIn, `#!/bin/sh\necho "$HOLDFAST_HOME|$*" >> '${join(folder, 'words')}'\n`);
  await chmod(standIn, 0o755);
  const onLine = (line: string, stop: () => void): void => {
    if (line.startsWith('Serving.')) stop();
  };
  const { code, said } = await start({ folder, words: [], onLine });
  assert.equal(code, 0, said);
  const profile = `${dev}/client|--user-data-dir ${dev}/editor/profile --extensions-dir ${dev}/editor/extensions`;
  const [installed = '', opened] = (await readFile(join(folder, 'words'), 'utf8')).split('\n');
  assert.match(installed, /--install-extension \S+\.vsix --force$/);
  assert.ok(installed.startsWith(profile), installed);
  assert.equal(opened, `${profile} --new-window ${dev}/sample`);
});

test('what is not understood ends with 2', async (context) => {
  const folder = await folderFor(context);
  for (const words of [['--twice'], ['a', 'b'], [join(folder, 'nothing')]]) assert.equal((await start({ folder, words })).code, 2, words.join(' '));
});
