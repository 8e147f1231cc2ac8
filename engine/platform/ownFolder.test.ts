import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../base/bytes.ts';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { ownerAddress, type OwnerAddress, ownerKey, socketPathBytesMax } from './owner/ownerAddress.ts';
import type { Serve } from './owner/ownerServer.ts';
import { folderSecret, ownFolder } from './ownFolder.ts';
import { systemRandom } from './random.ts';

const program = fileURLToPath(new URL('../testing/ownerProgram.ts', import.meta.url));
const secret = systemRandom.bytes(32);
const { signal } = new AbortController();

/** Places of both kinds; a socket file works on every system that has them. */
async function places(t: TestContext): Promise<readonly OwnerAddress[]> {
  const named = ownerAddress(toHex(systemRandom.bytes(16)), { platform: process.platform, userId: 0 });
  if (process.platform === 'win32') return [named];
  const directory = await mkdtemp('/tmp/holdfast-own-');
  t.after(async () => await rm(directory, { recursive: true, force: true }));
  const file: OwnerAddress = { kind: 'file', directory, address: join(directory, 'test.sock') };
  return named.kind === 'named' ? [named, file] : [file];
}

async function start(t: TestContext, place: OwnerAddress): Promise<{ readonly child: ChildProcess; readonly says: string }> {
  const child = spawn(process.execPath, [program, JSON.stringify(place), toHex(secret)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const says = await new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve).once('close', () => resolve('nothing')));
  return { child, says };
}

async function pair(t: TestContext, serve: Serve) {
  const [place] = await places(t);
  const owner = await ownFolder({ key: '', secret, serve, signal, place: place! });
  const client = await ownFolder({ key: '', secret, serve, signal, place: place! });
  assert.ok(owner.kind === 'owner' && client.kind === 'client');
  t.after(async () => {
    await client.close();
    await owner.close();
  });
  return { owner, client, place: place! };
}

test('of processes that start at once exactly one owns the folder, and the others reach it', async (t) => {
  for (const place of await places(t)) {
    const all = await Promise.all(Array.from({ length: 5 }, () => start(t, place)));
    const owners = all.filter(({ says }) => says === 'owner');
    assert.equal(owners.length, 1, all.map(({ says }) => says).join());
    const answers = all.filter(({ says }) => says !== 'owner').map(({ says }) => says);
    assert.deepEqual(new Set(answers), new Set([`client pid of ${owners[0]!.child.pid}`]));
  }
});

test('kill -9 of the owner frees the folder at once, for exactly one of those that wait', async (t) => {
  for (const place of await places(t)) {
    let owner = await start(t, place);
    for (let round = 0; round < 2; round++) {
      assert.equal(owner.says, 'owner');
      const ended = new Promise((resolve) => owner.child.once('exit', resolve));
      owner.child.kill('SIGKILL');
      await ended;
      const next = await Promise.all(Array.from({ length: 4 }, () => start(t, place)));
      const owners = next.filter(({ says }) => says === 'owner');
      assert.equal(owners.length, 1, next.map(({ says }) => says).join());
      owner = owners[0]!;
    }
  }
});

test('an owner that closes leaves nothing behind', async (t) => {
  for (const place of await places(t)) {
    const owner = await ownFolder({ key: '', secret, serve: async () => null, signal, place });
    await owner.close();
    if (place.kind === 'file') assert.deepEqual(await readdir(place.directory), []);
    const again = await ownFolder({ key: '', secret, serve: async () => null, signal, place });
    assert.equal(again.kind, 'owner');
    await again.close();
  }
});

test('requests carry results, progress and errors', async (t) => {
  const { client } = await pair(t, async ({ method, params, onProgress }) => {
    if (method === 'fail') throw new BackupError('limit', 'Too much.', { bytes: 7 });
    if (method === 'break') throw new TypeError('a bug');
    onProgress({ filesDone: 1 });
    onProgress({ filesDone: 2 });
    return { echoed: params };
  });
  const progress: unknown[] = [];
  const answer = await client.request('echo', { text: 'ä\n"' }, { signal, onProgress: (each) => progress.push(each) });
  assert.deepEqual(answer, { echoed: { text: 'ä\n"' } });
  assert.deepEqual(progress, [{ filesDone: 1 }, { filesDone: 2 }]);
  await assert.rejects(client.request('fail', {}, { signal }), (error) => isBackupError(error, 'limit') && error.details['bytes'] === 7 && error.message === 'Too much.');
  await assert.rejects(client.request('break', {}, { signal }), (error) => !isBackupError(error) && error instanceof Error && error.message === 'a bug');
});

test('an abort reaches the owner, and the reason comes back untouched', async (t) => {
  const { promise: seen, resolve: see } = Promise.withResolvers<AbortSignal>();
  const { client } = await pair(t, async (request) => {
    see(request.signal);
    await setTimeout(60_000, undefined, { signal: request.signal, ref: false });
  });
  const controller = new AbortController();
  const asked = client.request('wait', {}, { signal: controller.signal });
  const inOwner = await seen;
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(asked, (error) => error === reason);
  while (!inOwner.aborted) await setTimeout(1);
  assert.ok(isBackupError(inOwner.reason, 'cancelled'));
});

test('a client that goes away aborts what it asked for', async (t) => {
  const { promise: seen, resolve: see } = Promise.withResolvers<AbortSignal>();
  const { client } = await pair(t, async (request) => {
    see(request.signal);
    await setTimeout(60_000, undefined, { signal: request.signal, ref: false });
  });
  const asked = client.request('wait', {}, { signal });
  const inOwner = await seen;
  await client.close();
  await assert.rejects(asked, (error) => isBackupError(error, 'unavailable'));
  while (!inOwner.aborted) await setTimeout(1);
});

test('an owner that goes away fails what it was asked as unavailable', async (t) => {
  const { owner, client } = await pair(t, async () => await setTimeout(60_000, undefined, { ref: false }));
  const asked = client.request('wait', {}, { signal });
  await Promise.all([assert.rejects(asked, (error) => isBackupError(error, 'unavailable')), owner.close()]);
  await assert.rejects(client.request('more', {}, { signal }), (error) => isBackupError(error, 'unavailable'));
});

test('a stranger without the secret is refused, and learns nothing by answering in our place', async (t) => {
  for (const place of await places(t)) {
    const calls: string[] = [];
    const serve: Serve = async ({ method }) => void calls.push(method);
    const owner = await ownFolder({ key: '', secret, serve, signal, place });
    await assert.rejects(ownFolder({ key: '', secret: systemRandom.bytes(32), serve, signal, place }), (error) => isBackupError(error, 'denied'));
    const line = await new Promise<string>((resolve) => {
      const socket = connect(place.address, () => socket.write('{"id":1,"method":"push","params":{}}\n'));
      let text = '';
      socket.on('data', (data) => (text += data.toString())).on('close', () => resolve(text));
    });
    assert.match(line, /"refused":true/);
    assert.deepEqual(calls, []);
    await owner.close();

    const squatter = createServer((socket) => socket.resume().end(`{"nonce":"${'0'.repeat(64)}"}\n{"proof":"${'0'.repeat(64)}"}\n`));
    await new Promise<void>((resolve) => squatter.listen(place.address, resolve));
    await assert.rejects(ownFolder({ key: '', secret, serve, signal, place }), (error) => isBackupError(error, 'denied'));
    await new Promise((resolve) => squatter.close(resolve));
  }
});

test('garbage and endless lines end a connection, not the owner', async (t) => {
  const { client, place } = await pair(t, async () => 'fine');
  for (const garbage of ['not json\n', '[]\n', '{"id":"x"}\n', `${'x'.repeat(5 * 1024 * 1024)}`]) {
    await new Promise<void>((resolve) => {
      const socket: Socket = connect(place.address, () => socket.write(garbage));
      socket.on('error', () => {}).on('close', () => resolve()).resume();
    });
  }
  assert.equal(await client.request('x', {}, { signal }), 'fine');
});

test('makes one secret however many ask, and keeps it from others', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-secret-'));
  t.after(async () => await rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'secret');
  const secrets = await Promise.all(Array.from({ length: 8 }, () => folderSecret(path)));
  assert.equal(new Set(secrets.map(toHex)).size, 1);
  assert.deepEqual(await readdir(directory), ['secret']);
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
  await writeFile(path, 'short');
  await assert.rejects(folderSecret(path), (error) => isBackupError(error, 'corrupt'));
});

test('names the place as agreed on every platform', () => {
  const key = ownerKey({ stateFolder: '/home/u/.local/state/holdfast', folder: '/home/u/w' });
  assert.equal(key, '22389f60aa7daa54c2f31295ab2e665f');
  const at = (platform: NodeJS.Platform): OwnerAddress => ownerAddress(key, { platform, userId: 501 });
  assert.deepEqual(at('linux'), { kind: 'named', address: `\0holdfast-${key}` });
  assert.deepEqual(at('win32'), { kind: 'named', address: `\\\\.\\pipe\\holdfast-${key}` });
  assert.deepEqual(at('darwin'), { kind: 'file', directory: '/tmp/holdfast-501', address: `/tmp/holdfast-501/${key}.sock` });
  assert.ok(`/tmp/holdfast-${2 ** 32 - 1}/${key}.sock.01234567`.length <= socketPathBytesMax);
});
