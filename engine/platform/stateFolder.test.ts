import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { encodeUtf8 } from '../../base/bytes.ts';
import { DiskFolder } from '../testing/diskFolder.ts';
import { hostId, type HostSources } from './hostId.ts';
import { absolutePath } from './nativePath.ts';
import { openStateFolder } from './stateFolder.ts';
import { folderKey, stateHome } from './statePaths.ts';
import { writeAtomically } from './writeAtomically.ts';

const unix = process.platform !== 'win32';
const folderOf = async (t: TestContext): Promise<DiskFolder> => await DiskFolder.create({ after: (run) => t.after(run) });

test('reads what it wrote, and nothing of what is not there', async (t) => {
  const place = (await folderOf(t)).at('deep/state');
  const folder = await openStateFolder(place);
  assert.equal(await folder.read('a'), undefined);
  await folder.remove('a');
  await folder.replace('a', encodeUtf8('one'));
  await folder.replace('a', encodeUtf8('two'));
  await folder.append('b', encodeUtf8('x'));
  await folder.append('b', encodeUtf8('y'));
  assert.deepEqual(await folder.read('a'), encodeUtf8('two'));
  assert.deepEqual(await folder.read('b'), encodeUtf8('xy'));
  assert.deepEqual((await folder.list()).toSorted(), ['a', 'b']);
  if (unix) {
    assert.equal((await fs.stat(place)).mode & 0o777, 0o700);
    for (const name of ['a', 'b']) assert.equal((await fs.stat(join(place, name))).mode & 0o777, 0o600);
  }
  await folder.remove('a');
  assert.deepEqual(await folder.list(), ['b']);
});

test('does not list unfinished files, and clears them when it opens', async (t) => {
  const place = (await folderOf(t)).at('state');
  const folder = await openStateFolder(place);
  await fs.writeFile(join(place, '.tmp-0123456789abcdef-a'), 'half');
  assert.deepEqual(await folder.list(), []);
  await openStateFolder(place);
  assert.deepEqual(await fs.readdir(place), []);
});

test('a failed write leaves the old content and no litter', async (t) => {
  const folder = await folderOf(t);
  await fs.mkdir(folder.at('a'));
  await fs.writeFile(folder.at('a/full'), 'x');
  await assert.rejects(writeAtomically(folder.at('a'), encodeUtf8('new')));
  assert.deepEqual(await fs.readdir(folder.text), ['a']);
});

test('a process killed while it replaces a file leaves it whole', async (t) => {
  const folder = await folderOf(t);
  const module = new URL('./writeAtomically.ts', import.meta.url).href;
  const path = folder.at('f');
  const script = `
    import { writeAtomically } from ${JSON.stringify(module)};
    for (let i = 0; ; i++) await writeAtomically(${JSON.stringify(path)}, new Uint8Array(200_000).fill(i));`;
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (!(await fs.readdir(folder.text)).includes('f')) await setTimeout(5);
    await setTimeout(30 + 40 * round);
    child.kill('SIGKILL');
    await ended;
    const bytes = await fs.readFile(path);
    assert.equal(bytes.length, 200_000);
    assert.ok(bytes.every((byte) => byte === bytes[0]));
    await fs.rm(path);
  }
});

test('keeps state where each platform wants it', () => {
  const on = (platform: NodeJS.Platform, environment: Record<string, string> = {}): string => stateHome({ platform, home: platform === 'win32' ? 'C:\\Users\\u' : '/home/u', environment });
  assert.equal(on('linux'), '/home/u/.local/state/holdfast');
  assert.equal(on('linux', { XDG_STATE_HOME: '/xdg' }), '/xdg/holdfast');
  assert.equal(on('linux', { XDG_STATE_HOME: 'relative' }), '/home/u/.local/state/holdfast');
  assert.equal(on('darwin'), '/home/u/Library/Application Support/Holdfast');
  assert.equal(on('win32'), 'C:\\Users\\u\\AppData\\Local\\Holdfast');
  assert.equal(on('win32', { LOCALAPPDATA: 'D:\\L' }), 'D:\\L\\Holdfast');
  for (const platform of ['linux', 'darwin', 'win32'] as const) assert.equal(on(platform, { HOLDFAST_HOME: '/own' }), '/own');
});

test('names the state of a folder by server, account and path', () => {
  const folder = absolutePath('/w');
  const key = folderKey({ url: 'https://a', account: 'u', folder });
  assert.match(key, /^[0-9a-f]{32}$/);
  const others = [folderKey({ url: 'https://b', account: 'u', folder }), folderKey({ url: 'https://a', account: 'v', folder }), folderKey({ url: 'https://a', account: 'u', folder: absolutePath('/v') })];
  assert.equal(new Set([key, ...others]).size, 4);
});

test('knows this host again, by what each platform says of it', async () => {
  assert.equal(await hostId(), await hostId());
  const from = async (sources: Partial<HostSources>): Promise<string> =>
    await hostId({ platform: 'linux', readFile: async () => undefined, run: async () => undefined, hostname: () => 'box', ...sources });
  const machine = '0123456789abcdef0123456789abcdef';
  const linux = await from({ readFile: async (path) => (path === '/etc/machine-id' ? `${machine}\n` : undefined) });
  assert.equal(await from({ readFile: async (path) => (path.includes('dbus') ? machine : undefined) }), linux);
  const mac = await from({ platform: 'darwin', run: async () => `  "IOPlatformUUID" = "11111111-2222-3333-4444-555555555555"\n` });
  const windows = await from({ platform: 'win32', run: async () => '\r\n    MachineGuid    REG_SZ    11111111-2222-3333-4444-555555555555\r\n' });
  assert.equal(mac, windows);
  const byName = await from({});
  assert.equal(await from({ readFile: async () => 'uninitialized\n' }), byName);
  assert.notEqual(await from({ hostname: () => 'other' }), byName);
  assert.equal(new Set([linux, mac, byName]).size, 3);
  for (const id of [linux, mac, byName]) assert.match(id, /^[0-9a-f]{32}$/);
});
