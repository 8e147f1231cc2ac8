import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { formatConnectionLine } from '../../../protocol/connectionLine.ts';
import { vsixFile } from '../../../scripts/package.ts';
import { root } from '../../../scripts/runTool.ts';
import { password, temporaryFolder, user, writeFiles } from '../../e2e/bench.ts';
import { TestClient } from '../../e2e/testClient.ts';
import { TestServer } from '../../e2e/testServer.ts';
import { assertSameTree, readTreeState } from '../../e2e/treeState.ts';
import { launchChromium } from './chromium.ts';
import { CodeServer, theme } from './codeServer.ts';
import { Workbench } from './workbench.ts';

export { password, user };

/** Where pictures go, of failures too; git-ignored. */
export const pictureFolder = join(root, '.vscode-test/pictures');

const testMs = 240_000;
const stepMs = 30_000;
const pollMsDefault = 100;

export interface EditorOptions {
  /** Of the folder that is opened, which is called `app`. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** The address of the Holdfast server; the loopback when left out. */
  readonly host?: string;
  /** Where the Holdfast server keeps its data; beside the folder when left out. */
  readonly data?: string;
}

/** A person's desk: a Holdfast server with their account, and an editor with the packed extension and a folder open. */
export interface EditorBench {
  readonly folder: string;
  readonly server: TestServer;
  readonly code: CodeServer;
  readonly workbench: Workbench;
  /** Another window of the same browser on the same folder. */
  anotherWindow(): Promise<Workbench>;
  /** A command line of the same account, which sees what the server has. */
  commandLine(): Promise<TestClient>;
  /** What signs in. */
  readonly line: string;
}

/** A test told as a person lives it. A failure leaves a picture of the window and the logs. */
export function editorTest(name: string, options: EditorOptions, body: (bench: EditorBench, context: TestContext) => Promise<void>): void {
  test(name, { timeout: testMs }, async (context) => {
    const bench = await openEditor(context, options);
    try {
      await body(bench, context);
    } catch (error) {
      const place = join(pictureFolder, 'failed', name.replaceAll(/\W+/g, '-'));
      await bench.workbench.screenshot(`${place}.png`);
      await cp(join(bench.code.home, 'data/logs'), `${place}-logs`, { recursive: true, force: true });
      context.diagnostic(`The window and the logs at the failure: ${place}.png, ${place}-logs`);
      throw error;
    }
  });
}

export async function openEditor(context: TestContext, { files, settings = {}, environment = {}, host = '127.0.0.1', ...given }: EditorOptions): Promise<EditorBench> {
  // In the order of making; ended the other way round, before the folder goes.
  const endings: (() => Promise<unknown>)[] = [];
  context.after(async () => {
    for (const end of endings.toReversed()) await end();
  });
  const browser: Browser = await launchChromium(); // first: nothing else is worth starting without it
  endings.push(async () => await browser.close());
  const place = await temporaryFolder(context);
  const folder = await writeFiles(join(place, 'app'), files);
  const data = given.data ?? join(place, 'server');
  await mkdir(data, { recursive: true });
  const server = await TestServer.start({ data, host });
  endings.push(async () => await server.kill());
  await server.addUser(user, password);
  const code = await CodeServer.start({ folder, settings, vsix: vsixFile(), environment });
  endings.push(async () => await code.stop());
  const window = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  window.setDefaultTimeout(stepMs);
  const open = async (): Promise<Workbench> => {
    const workbench = new Workbench(await window.newPage());
    await workbench.open(code.url());
    return workbench;
  };
  const line = formatConnectionLine({ name: user, host: `${host}:${server.port}`, fingerprint: server.fingerprint });
  const commandLine = async (): Promise<TestClient> => {
    const client = new TestClient({ home: join(place, 'client'), workingDirectory: place });
    await client.login(server, user, password);
    return client;
  };
  return { folder, server, code, workbench: await open(), anotherWindow: open, commandLine, line };
}

/** What the server has acknowledged last is the folder as it is now, byte for byte. Waits until it is. */
export async function assertBackedUp({ folder }: EditorBench, client: TestClient, { limitMs = stepMs }: { readonly limitMs?: number } = {}): Promise<void> {
  const leaveOut = (path: string): boolean => path === '.git';
  const want = await readTreeState(folder, { leaveOut });
  const files = Array.from(want.values()).filter(({ kind }) => kind === 'file').length;
  const look = async (): Promise<void> => {
    const { snapshots } = await client.json(['snapshots', '--workspace', 'app', '--limit', '1']);
    assert.equal(snapshots[0].files, files, 'files');
    const copy = await mkdtemp(join(client.workingDirectory, 'restored-'));
    await client.json(['restore', 'latest', '--workspace', 'app', '--to', copy]);
    assertSameTree(await readTreeState(copy), want);
  };
  await eventually('the folder is backed up as it is', look, { limitMs, pollMs: 1_000 });
}

/** Agrees to back up the folder. */
export async function consent(workbench: Workbench): Promise<void> {
  await workbench.press('Back Up', workbench.toast('Back up “app”'));
}

/** Signs in with the line and agrees to back up the folder; answers when the first backup is acknowledged. */
export async function connect({ workbench, line }: EditorBench): Promise<void> {
  await workbench.status('Backup: sign in').waitFor();
  await workbench.run('Backup: Sign In');
  await workbench.answer(/The line that the server printed/, line);
  await workbench.answer(`Password of ${user}`, password);
  await consent(workbench);
  await workbench.status('Backed up').waitFor();
}

/** Keeps how the window looks, to be looked at. */
export async function picture({ workbench }: EditorBench, name: string): Promise<void> {
  await workbench.screenshot(join(pictureFolder, `${name}-${theme()}.png`));
}

interface Patience {
  readonly limitMs?: number;
  readonly pollMs?: number;
}

/** Waits until it is true. Errors: with what was wrong, when it takes too long. */
export async function eventually<T>(what: string, look: () => Promise<T>, { limitMs = stepMs, pollMs = pollMsDefault }: Patience = {}): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > until) throw new Error(`${what}: not in ${limitMs / 1_000} s`, { cause: error });
    }
    await sleep(pollMs);
  }
}

/** What a file of the folder holds; undefined where there is none. */
export async function contentOf(folder: string, path: string): Promise<string | undefined> {
  return await readFile(join(folder, path), 'utf8').catch(() => undefined /* it is not there */);
}

export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}
