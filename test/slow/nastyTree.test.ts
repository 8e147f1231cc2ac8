import assert from 'node:assert/strict';
import { chmod, chown, copyFile, cp, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nastyTree } from '../../engine/testing/nastyTree.ts';
import { buildDeep, buildTree } from '../../engine/testing/treeBuilder.ts';
import { openBench, password, user, type Bench } from '../e2e/bench.ts';
import { thisInstallation, type Installation } from '../e2e/program.ts';
import { TestClient } from '../e2e/testClient.ts';
import { assertSameTree, readTreeState } from '../e2e/treeState.ts';

/** Of the account that owns nothing; 65534 wherever Linux runs. */
const nobody = 65_534;
const windows = process.platform === 'win32';

test('a nasty tree goes and comes back, and what cannot is warned of', { skip: windows, timeout: 600_000 }, async (context) => {
  const { folder, server, client } = await openBench(context);
  const workspace = join(folder, 'nasty');
  await mkdir(workspace);
  await buildTree(workspace, nastyTree());
  await buildDeep(workspace, { depth: 1_000, name: 'd' });
  const before = await readTreeState(workspace, { leaveOut: isSpecial });

  const pushed = await client.json(['push', workspace]);
  const warned = pushed['warnings'] as readonly { readonly path: string; readonly kind: string }[];
  assert.deepEqual(warned.filter(({ kind }) => kind === 'not-a-file').map(({ path }) => path).sort(), ['pipe', 'socket']);
  assert.ok(warned.some(({ kind }) => kind === 'hard-link'));
  assert.equal((await client.json(['push', workspace]))['snapshot'], pushed['snapshot']);

  const restored = join(folder, 'restored');
  await client.json(['restore', pushed['snapshot'] as string, '--to', restored]);
  assertSameTree(await readTreeState(restored), before);
  assert.equal((await client.json(['verify', pushed['snapshot'] as string, '--read-data']))['ok'], true);

  await context.test('a push of the restored tree is unchanged', async () => {
    await rm(workspace, { recursive: true });
    await rename(restored, workspace);
    const again = await client.json(['push', workspace]);
    assert.deepEqual([again['unchanged'], again['snapshot'], again['bytesSent']], [true, pushed['snapshot'], 0]);
  });
  assert.equal((await server.administer(['check'])).code, 0);
});

test('paths beyond what can be stored are warned of, one by one, and the run goes on', { skip: windows, timeout: 600_000 }, async (context) => {
  const { client, workspace: make } = await openBench(context);
  const workspace = await make('deep', { 'shallow.txt': 'shallow' });
  await buildDeep(workspace, { depth: 40, name: 'n'.repeat(200) });
  const pushed = await client.json(['push', workspace]);
  const warned = pushed['warnings'] as readonly { readonly kind: string }[];
  assert.ok(warned.length > 0 && warned.every(({ kind }) => kind === 'path-too-long'), JSON.stringify(warned).slice(0, 300));
  assert.ok((await client.json(['ls', 'latest', '--recursive'], { workingDirectory: workspace }))['entries'].length > 15);
});

test('what cannot be read is warned of, keeps its last version, and stops nothing', { skip: windows, timeout: 600_000 }, async (context) => {
  const bench = await openBench(context);
  const client = await unprivilegedClient(bench);
  const workspace = await bench.workspace('guarded', { 'open.txt': 'open', 'shut.txt': 'readable at first', 'shut/inside.txt': 'inside' });
  const first = await client.json(['push', workspace]);
  assert.equal(first['filesNew'], 3);
  await writeFile(join(workspace, 'shut.txt'), 'changed, and not to be read');
  await writeFile(join(workspace, 'open.txt'), 'changed');
  await chmod(join(workspace, 'shut.txt'), 0);
  await chmod(join(workspace, 'shut'), 0);
  const second = await client.json(['push', workspace, '--strict'], { code: 6 });
  // If these could be read, this test would show nothing.
  assert.deepEqual(second['warnings'], [
    { path: 'shut', kind: 'unreadable' },
    { path: 'shut.txt', kind: 'unreadable' },
  ]);
  assert.deepEqual([second['filesChanged'], second['filesDeleted']], [1, 0]);
  const restored = join(client.home, 'restored');
  await client.json(['restore', second['snapshot'] as string, '--to', restored]);
  assert.equal(await readFile(join(restored, 'open.txt'), 'utf8'), 'changed');
  assert.equal(await readFile(join(restored, 'shut.txt'), 'utf8'), 'readable at first');
  assert.equal(await readFile(join(restored, 'shut/inside.txt'), 'utf8'), 'inside');
});

/** A client that file modes hold back: as `nobody` where the tests run as root, whom nothing does. */
async function unprivilegedClient({ folder, server, client }: Bench): Promise<TestClient> {
  if (process.getuid?.() !== 0) return client;
  await chmod(folder, 0o755);
  const home = join(folder, 'home-of-nobody');
  await mkdir(home);
  await chown(home, nobody, nobody);
  const other = new TestClient({ home, workingDirectory: folder, uid: nobody, installation: await installFor(join(folder, 'installation')) });
  await other.login(server, user, password);
  return other;
}

/** The command line where `nobody` can read it, which the checkout may not be. */
async function installFor(root: string): Promise<Installation> {
  await mkdir(root);
  for (const part of ['cli/bin', 'cli/dist']) await cp(join(thisInstallation.root, part), join(root, part), { recursive: true });
  const node = join(root, 'node');
  await link(thisInstallation.node, node).catch(async () => await copyFile(thisInstallation.node, node)); // another file system
  await chmod(node, 0o755);
  return { root, node };
}

/** What no backup keeps. */
function isSpecial(path: string): boolean {
  return path === 'socket' || path === 'pipe';
}

