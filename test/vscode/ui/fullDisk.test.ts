import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../e2e/bench.ts';

const smallDisk = 'mount -t tmpfs -o size=48m none "$DISK"; exec "$0" "$@" "$DISK"';

test('the disk of the server is full: it is said, nothing is lost, and it goes on when there is room', { timeout: 240_000 }, async (context) => {
  const environment: NodeJS.ProcessEnv = { ...process.env, DISK: await temporaryFolder(context) };
  delete environment['NODE_TEST_CONTEXT'];
  const file = fileURLToPath(new URL('../fullDisk.ts', import.meta.url));
  const done = spawnSync('unshare', ['--mount', '--map-root-user', 'sh', '-ec', smallDisk, process.execPath, file], { encoding: 'utf8', env: environment });
  assert.equal(done.error, undefined, 'apt-get install -y --no-install-recommends util-linux');
  assert.equal(done.status, 0, `${done.stdout}\n${done.stderr}`);
});
