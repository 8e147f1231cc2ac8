import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Dice } from '../../engine/testing/dice.ts';
import { FolderDisk } from './folderDisk.ts';

describe('FolderDisk', () => {
  let folder: string;
  let disk: FolderDisk;
  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'holdfast-disk-')), 'volumes');
    disk = await FolderDisk.open(folder);
  });
  after(async () => {
    await disk.close();
    await rm(join(folder, '..'), { recursive: true });
  });

  test('gives back ranges of what was written, fewer bytes only at the end', async () => {
    await disk.write('a1', 0, [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
    await disk.write('a1', 3, [Uint8Array.of(4, 5)]);
    await disk.sync('a1');
    assert.deepEqual([...(await disk.read('a1', 1, 3))], [2, 3, 4]);
    assert.deepEqual([...(await disk.read('a1', 3, 9))], [4, 5]);
    assert.deepEqual([...(await disk.read('a1', 99, 9))], []);
  });

  test('flushes the volume itself, and its name with its first flush', async (context) => {
    const probe = await open(join(folder, 'probe'), 'w');
    const handles = Object.getPrototypeOf(probe) as typeof probe;
    await probe.close();
    const content = context.mock.method(handles, 'datasync');
    const names = context.mock.method(handles, 'sync');
    const flushes = (): readonly number[] => [content.mock.callCount(), names.mock.callCount()];
    await disk.write('f1', 0, [Uint8Array.of(1)]);
    assert.deepEqual(flushes(), [0, 0]);
    await disk.sync('f1');
    assert.deepEqual(flushes(), [1, process.platform === 'win32' ? 0 : 1]);
    await disk.write('f1', 1, [Uint8Array.of(2)]);
    await disk.sync('f1');
    assert.deepEqual(flushes(), [2, process.platform === 'win32' ? 0 : 1]);
    await rm(join(folder, 'probe'));
  });

  test('writes more parts than one system call takes', async () => {
    const dice = new Dice(1);
    const parts = Array.from({ length: 3_000 }, () => dice.bytes(dice.below(300)));
    await disk.write('a2', 10, parts);
    const whole = Buffer.concat(parts);
    assert.ok(Buffer.compare(await disk.read('a2', 10, whole.length + 1), whole) === 0);
  });

  test('writes over what a failed write left', async () => {
    await disk.write('a3', 0, [new Uint8Array(100).fill(1)]);
    await disk.write('a3', 50, [new Uint8Array(10).fill(2)]);
    assert.deepEqual([...(await disk.read('a3', 49, 12))], [1, ...new Array<number>(10).fill(2), 1]);
  });

  test('goes on with a volume after another was written, and sees every one in the list', async () => {
    await disk.write('b1', 0, [Uint8Array.of(1)]);
    await disk.write('b2', 0, [Uint8Array.of(2)]);
    await disk.write('b1', 1, [Uint8Array.of(3)]);
    await disk.sync('b2');
    await writeFile(join(folder, 'notes.txt'), 'not a volume');
    const listed = new Map((await disk.list()).map(({ name, bytes }) => [name, bytes]));
    assert.deepEqual([listed.get('b1'), listed.get('b2'), listed.has('notes')], [2, 1, false]);
  });

  test('keeps files to their owner', { skip: process.platform === 'win32' }, async () => {
    await disk.write('c1', 0, [Uint8Array.of(1)]);
    assert.equal((await stat(join(folder, 'c1.volume'))).mode & 0o777, 0o600);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
  });

  test('removes a volume, the one being written too, and minds no absence', async () => {
    await disk.write('d1', 0, [Uint8Array.of(1)]);
    await disk.remove('d1');
    await disk.remove('d1');
    await assert.rejects(disk.read('d1', 0, 1), { code: 'not-found' });
    await disk.write('d1', 0, [Uint8Array.of(7)]);
    assert.deepEqual([...(await readFile(join(folder, 'd1.volume')))], [7]);
  });

  test('answers limit when the disk is full, and reads go on', { skip: process.platform !== 'linux' }, async () => {
    await disk.write('e1', 0, [Uint8Array.of(1)]);
    await symlink('/dev/full', join(folder, 'e2.volume'));
    await assert.rejects(disk.write('e2', 0, [Uint8Array.of(1)]), { code: 'limit' });
    assert.deepEqual([...(await disk.read('e1', 0, 1))], [1]);
    await disk.remove('e2');
  });
});
