import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { password, shareBench, temporaryFolder, user } from './bench.ts';
import { TestClient } from './testClient.ts';

const hex32 = /^[0-9a-f]{32}$/;
const bench = shareBench();

test('whoami says who, where and as which device', async () => {
  const { server, client } = await bench();
  const who = await client.json(['whoami']);
  assert.equal(who.user, user);
  assert.equal(who.url, server.url);
  assert.equal(who.instance, server.instance);
  assert.match(who.account, hex32);
  assert.match(who.device, hex32);
});

test('the session is readable by its owner only and holds no password', async () => {
  const { client } = await bench();
  const file = join(client.home, 'session.json');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.ok(!(await readFile(file, 'utf8')).includes(password));
});

test('the one-line form signs in, too', async () => {
  const { folder, server } = await bench();
  const other = new TestClient({ home: join(folder, 'one-line'), workingDirectory: folder });
  const line = `holdfast://${user}@127.0.0.1:${server.port}#${server.fingerprint}`;
  const said = await other.json(['login', line, '--password-stdin', '--device', 'second'], { input: `${password}\n` });
  assert.equal(said.deviceName, 'second');
});

test('an unknown certificate is refused without a terminal, and so is another one', async () => {
  const { folder, server } = await bench();
  const other = new TestClient({ home: join(folder, 'unknown'), workingDirectory: folder });
  const words = ['login', server.url, '--user', user, '--password-stdin'];
  const refused = await other.json(words, { input: password, code: 5 });
  assert.equal(refused.error.code, 'denied');
  assert.ok(refused.error.message.includes(server.fingerprint), refused.error.message);
  await other.json([...words, '--fingerprint', 'ab'.repeat(32)], { input: password, code: 5 });
  await other.json(['whoami'], { code: 5 });
});

test('the server’s certificate as the authority is accepted', async () => {
  const { folder, server, client } = await bench();
  const other = new TestClient({ home: join(folder, 'authority'), workingDirectory: folder });
  const { trust } = JSON.parse(await readFile(join(client.home, 'session.json'), 'utf8')) as { trust: { pem: string } };
  const file = join(folder, 'authority.pem');
  await mkdir(other.home);
  await writeFile(file, trust.pem);
  await other.json(['login', server.url, '--user', user, '--password-stdin', '--ca', file], { input: password });
});

test('a wrong password and an unknown name are refused alike', async () => {
  const { folder, server } = await bench();
  const other = new TestClient({ home: join(folder, 'wrong'), workingDirectory: folder });
  const words = (name: string): readonly string[] => ['login', server.url, '--user', name, '--password-stdin', '--fingerprint', server.fingerprint];
  const wrong = await other.json(words(user), { input: 'not the password', code: 5 });
  const unknown = await other.json(words('nobody'), { input: 'not the password', code: 5 });
  assert.deepEqual(wrong, unknown);
});

test('a revoked device is refused from then on, the others are not', async () => {
  const { folder, client, another } = await bench();
  const other = await another('lost');
  const { device } = await other.json(['whoami']);
  const { devices } = await client.json(['devices']);
  assert.ok(devices.some((each: { id: string; revoked: boolean }) => each.id === device && !each.revoked));
  assert.equal((await client.json(['devices', 'revoke', device])).revoked, device);
  for (const words of [['whoami'], ['workspaces'], ['push', folder]]) {
    assert.equal((await other.json(words, { code: 5 })).error.code, 'denied');
  }
  await client.json(['whoami']);
});

test('after signing out nothing works until the next sign-in', async () => {
  const { server, another } = await bench();
  const other = await another('leaving');
  assert.equal((await other.json(['logout'])).revoked, true);
  assert.equal((await other.json(['workspaces'], { code: 5 })).error.code, 'denied');
  await other.login(server, user, password);
  await other.json(['workspaces']);
});

test('usage mistakes end with 2, an unreachable server with 4', async (context) => {
  const folder = await temporaryFolder(context);
  const client = new TestClient({ home: join(folder, 'home'), workingDirectory: folder });
  for (const words of [['nonsense'], ['push', '--nonsense'], ['login'], ['cat'], ['restore', 'latest'], ['devices', 'remove'], ['snapshots', '--limit', 'x']]) {
    const ended = await client.run([...words, '--json']);
    assert.equal(ended.code, 2, `${words.join(' ')}: ${ended.stderr}`);
    assert.equal((JSON.parse(ended.stdout.toString()) as { error: { code: string } }).error.code, 'usage');
  }
  const words = ['login', 'https://127.0.0.1:1', '--user', 'ann', '--password-stdin', '--fingerprint', 'ab'.repeat(32)];
  assert.equal((await client.json(words, { input: 'x', code: 4 })).error.code, 'unavailable');
  assert.equal((await client.run(['--help'])).code, 0);
  assert.equal((await client.run(['push', '--help'])).code, 0);
  assert.match((await client.run(['--version'])).stdout.toString(), /^\d+\.\d+\.\d+\n$/);
});
