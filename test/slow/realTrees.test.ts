import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBench } from '../e2e/bench.ts';
import { assertSameTree, readTreeState } from '../e2e/treeState.ts';

const packages = ['typescript', 'three', '@fluentui/svg-icons'];

test('real trees go and come back byte for byte', { timeout: 1_200_000 }, async (context) => {
  const { folder, server, client } = await openBench(context);
  for (const name of packages) {
    await context.test(name, async () => {
      const workspace = join(folder, name.replace('/', '-'));
      await cp(fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url)), workspace, { recursive: true, verbatimSymlinks: true });
      const before = await readTreeState(workspace);
      const pushed = await client.json(['push', workspace, '--no-gitignore']);
      assert.equal(pushed.filesNew, [...before.values()].filter(({ kind }) => kind === 'file').length);
      const restored = `${workspace}-restored`;
      await client.json(['restore', pushed.snapshot, '--to', restored]);
      assertSameTree(await readTreeState(restored), before);
      assert.equal((await client.json(['push', workspace, '--no-gitignore'])).snapshot, pushed.snapshot);
      const again = await client.json(['push', restored, '--no-gitignore']);
      // Names and times of another workspace: a restore sets times as exactly as the runtime can, not more.
      assert.ok(again.bytesSent < 20_000 + 64 * before.size, `content was sent again: ${again.bytesSent} bytes`);
    });
  }
  assert.equal((await server.administer(['check'])).code, 0);
});
