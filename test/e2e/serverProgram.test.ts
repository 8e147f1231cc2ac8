import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isBackupError } from '../../base/errors.ts';
import { parseConnectionLine } from '../../protocol/connectionLine.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { connectAccount } from '../../engine/store/accountClient.ts';
import { connectRepository } from '../../engine/store/httpRepository.ts';
import type { Trust } from '../../engine/core/session/session.ts';
import { readServerCertificate } from '../../engine/store/trust.ts';
import { SuiteWorld } from '../../engine/testing/repository/suiteWorld.ts';
import { makeCertificate } from '../../server/tls/makeCertificate.ts';

const program = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
const password = 'correct horse';
const { signal } = new AbortController();

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Serving {
  readonly child: ChildProcess;
  readonly said: { readonly url: string; readonly fingerprint: string; readonly instance: string };
  readonly ended: Promise<Ended>;
}

describe('the server as a program', () => {
  let folder: string;
  let data: string;
  let port: number;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-server-'));
    data = join(folder, 'data');
    port = await freePort();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function launch(words: readonly string[], input?: string): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (piece: Buffer) => (said.out += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (said.err += piece.toString()));
    child.stdin.end(input);
    return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...said })) };
  }

  async function run(words: readonly string[], input?: string): Promise<Ended> {
    return await launch(words, input).ended;
  }

  async function start(words: readonly string[] = [], { listen = `127.0.0.1:${port}` } = {}): Promise<Serving> {
    const { child, ended } = launch(['start', '--data', data, '--listen', listen, '--json', ...words]);
    const lines = createInterface({ input: child.stdout! });
    const line = await Promise.race([once(lines, 'line').then(([text]) => String(text)), ended.then(({ err }) => assert.fail(err))]);
    return { child, ended, said: JSON.parse(line) as Serving['said'] };
  }

  async function stop({ child, ended }: Serving, how: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    child.kill(how);
    return await ended;
  }

  async function trustOf(url: string): Promise<Trust> {
    const { pem, fingerprint } = await readServerCertificate(url, { signal });
    return { kind: 'pinned', pem, fingerprint };
  }

  async function signIn(line: string, secret = password): Promise<{ url: string; trust: Trust; token: string; device: string }> {
    const { url, name, fingerprint } = parseConnectionLine(line);
    const trust = await trustOf(url);
    assert.equal((trust as { fingerprint: string }).fingerprint, fingerprint);
    const client = connectAccount({ url, trust, token: undefined });
    try {
      const { token, device } = await client.login({ name, password: secret, device: 'laptop' }, { signal });
      return { url, trust, token, device: device.id };
    } finally {
      client.close();
    }
  }

  test('says in one line where it serves, and ends well when asked to', async () => {
    const serving = await start();
    assert.equal(serving.said.url, `https://127.0.0.1:${port}`);
    assert.match(serving.said.fingerprint, /^[0-9a-f]{64}$/);
    assert.match(serving.said.instance, /^[0-9a-f]{32}$/);
    assert.equal((await readServerCertificate(serving.said.url, { signal })).fingerprint, serving.said.fingerprint);
    assert.equal((await stat(join(data, 'tls', 'key.pem'))).mode & 0o777, process.platform === 'win32' ? 0o666 : 0o600);
    const { code, out, err } = await stop(serving);
    assert.equal(code, 0);
    assert.equal(out.trim().split('\n').length, 1);
    for (const line of err.trim().split('\n')) assert.ok(JSON.parse(line));
  });

  test('keeps what it acknowledged through kill -9, and serves again at once on the same data and port', async () => {
    const added = await run(['user', 'add', 'ann', '--password-stdin', '--data', data], `${password}\n`);
    assert.equal(added.code, 0, added.err);
    let serving = await start();
    const { instance } = serving.said;
    const { url, trust, token, device } = await signIn(added.out);
    const repository = connectRepository({ url, trust, token });
    const suiteDevice = { repository, device: device as never, deviceName: 'laptop' };
    const world = new SuiteWorld(
      { laptop: suiteDevice, desktop: suiteDevice, stranger: suiteDevice, close: () => Promise.resolve() },
      createPrimitives(),
    );
    const lane = await world.lane(suiteDevice);
    for (let i = 0; i < 3; i++) {
      const tree = world.tree({ [`file${i}`]: world.chunk(`content ${i}`) });
      await world.commitWell(lane, { root: tree.id, pack: await world.pack(tree, world.chunk(`content ${i}`)) });
      await stop(serving, 'SIGKILL');
      await assert.rejects(repository.workspaces({ signal }), (error) => isBackupError(error, 'unavailable'));
      serving = await start();
      assert.equal(serving.said.instance, instance);
      const page = await repository.snapshots({ workspace: lane.workspace, before: undefined, limit: 9 }, { signal });
      assert.equal(page.length, i + 1);
    }
    repository.close();
    const ended = await stop(serving);
    assert.ok(!ended.err.includes(token) && !ended.err.includes(password));
    const checked = await run(['check', '--data', data, '--json']);
    assert.equal(checked.code, 0, checked.out + checked.err);
    assert.equal((JSON.parse(checked.out.trim().split('\n').at(-1)!) as { kind: string }).kind, 'summary');
  });

  test('refuses to serve data that another server serves', async () => {
    const serving = await start();
    const second = await run(['start', '--data', data, '--listen', '127.0.0.1:0']);
    assert.equal(second.code, 1);
    assert.match(second.err, /^holdfast-server: .*another/i);
    assert.equal(second.err.trim().split('\n').length, 1);
    const taken = await run(['start', '--data', join(folder, 'other'), '--listen', `127.0.0.1:${port}`]);
    assert.equal(taken.code, 1);
    assert.match(taken.err, /something else listens there/);
    await stop(serving);
  });

  test('administers users while it runs', async () => {
    const serving = await start();
    const added = await run(['user', 'add', 'bob', '--password-stdin', '--data', data], password);
    await signIn(added.out);
    assert.equal((await run(['user', 'add', 'bob', '--password-stdin', '--data', data], password)).code, 1);

    assert.equal((await run(['user', 'passwd', 'bob', '--password-stdin', '--data', data], 'another horse\r\n')).code, 0);
    await assert.rejects(signIn(added.out), (error) => isBackupError(error, 'denied'));
    await signIn(added.out, 'another horse');

    assert.equal((await run(['user', 'disable', 'bob', '--data', data])).code, 0);
    await assert.rejects(signIn(added.out, 'another horse'), (error) => isBackupError(error, 'denied'));
    const listed = JSON.parse((await run(['user', 'list', '--data', data, '--json'])).out) as { name: string; disabled: boolean }[];
    assert.equal(listed.find(({ name }) => name === 'bob')?.disabled, true);
    assert.equal((await run(['user', 'disable', 'nobody', '--data', data])).code, 1);
    assert.equal((await run(['check', '--data', data])).code, 0);
    await stop(serving);
  });

  test('serves with the operator’s certificate, and refuses a key that is another’s', async () => {
    const made = await makeCertificate({ names: ['127.0.0.1'], now: Date.now() });
    const other = await makeCertificate({ names: ['127.0.0.1'], now: Date.now() });
    const [cert, key, otherKey] = ['cert.pem', 'key.pem', 'other.pem'].map((name) => join(folder, name)) as [string, string, string];
    await writeFile(cert, made.cert);
    await writeFile(key, made.key);
    await writeFile(otherKey, other.key);
    const serving = await start(['--tls-cert', cert, '--tls-key', key]);
    const client = connectAccount({ url: serving.said.url, trust: { kind: 'ca', pem: made.cert }, token: undefined });
    assert.equal((await client.health({ signal })).instance, serving.said.instance);
    client.close();
    await stop(serving);
    const refused = await run(['start', '--data', data, '--listen', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', otherKey]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /does not belong/);
  });

  test('serves plain HTTP on the loopback only, and only when told to', async () => {
    const refused = await run(['start', '--data', data, '--listen', '0.0.0.0:0', '--insecure-http']);
    assert.equal(refused.code, 5);
    const serving = await start(['--insecure-http']);
    assert.equal(serving.said.fingerprint, null);
    assert.equal(serving.said.url, `http://127.0.0.1:${port}`);
    assert.equal((await fetch(`${serving.said.url}/api/v1/health`)).status, 200);
    await stop(serving);
  });

  test('keeps its certificate from start to start, and refuses to replace one whose key is lost', async () => {
    const first = await start();
    await stop(first);
    const again = await start();
    await stop(again);
    assert.equal(again.said.fingerprint, first.said.fingerprint);
    const key = join(data, 'tls', 'key.pem');
    const kept = await readFile(key);
    await rm(key);
    const refused = await run(['start', '--data', data, '--listen', '127.0.0.1:0']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /Half of the server's certificate is gone: .*key\.pem/);
    await writeFile(key, kept, { mode: 0o600 });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
