import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { describe, test, type TestContext } from 'node:test';
import { systemCodeOf } from '../../base/errors.ts';
import type { ByteName } from '../core/byteString.ts';
import type { AbsolutePath } from '../ports/files.ts';
import { DiskFolder } from '../testing/diskFolder.ts';
import { Dice } from '../testing/dice.ts';
import { checkLeaks } from '../testing/leakCheck.ts';
import { nastyTree } from '../testing/nastyTree.ts';
import { buildTree } from '../testing/treeBuilder.ts';
import { nodeFiles } from './nodeFiles.ts';

const { signal } = new AbortController();
const name = (text: string): ByteName => text as ByteName;
const list = async (path: AbsolutePath, marker?: ByteName) => await nodeFiles.listWithStats(path, { marker, signal });
const failsWith = (...codes: readonly string[]) => (error: unknown): boolean => codes.includes(systemCodeOf(error) ?? '');
const unix = process.platform !== 'win32';

async function folderOf(t: TestContext): Promise<DiskFolder> {
  return await DiskFolder.create({ after: (run) => t.after(run) });
}

describe('the disk', { skip: !unix && 'the names and modes here are those of Unix' }, () => {
  checkLeaks();

  test('lists every kind of name and thing exactly', async (t) => {
    const folder = await folderOf(t);
    const tree = nastyTree();
    await buildTree(folder.text, tree);
    const listed = await list(folder.path);
    assert.deepEqual(listed.map((each) => each.name).toSorted(), Object.keys(tree).toSorted());
    for (const { name: each, stat, target } of listed as Exclude<(typeof listed)[number], { code: string }>[]) {
      const spec = tree[each]!;
      const kinds = { file: 'file', directory: 'directory', symlink: 'symlink', sparse: 'file', 'hard-link': 'file', socket: 'other', fifo: 'other' } as const;
      assert.equal(stat.kind, kinds[spec.kind], each);
      assert.equal(target, spec.kind === 'symlink' ? spec.target : undefined);
      assert.deepEqual(await nodeFiles.lstat(nodeFiles.join(folder.path, each)), stat);
      if (spec.kind === 'symlink') assert.equal(await nodeFiles.readLink(nodeFiles.join(folder.path, each)), spec.target);
    }
    const kinds = await nodeFiles.readDirectory(folder.path);
    assert.deepEqual(new Map(kinds.map((each) => [each.name, each.kind])), new Map(listed.map((each) => [each.name, each.stat?.kind])));
    const times = nodeFiles.join(folder.path, name('times'));
    assert.equal((await nodeFiles.lstat(nodeFiles.join(times, name('ancient')))).mtimeNs, -1_500_000_000n);
  });

  test('says which directories hold the marker', async (t) => {
    const folder = await folderOf(t);
    await buildTree(folder.text, { venv: { kind: 'directory', children: { 'pyvenv.cfg': { kind: 'symlink', target: 'nowhere' } } }, other: { kind: 'directory', children: {} }, file: { kind: 'file', content: '' } });
    const marked = (await list(folder.path, name('pyvenv.cfg'))).filter((each) => each.stat !== undefined && each.marked);
    assert.deepEqual(marked.map((each) => each.name), ['venv']);
  });

  test('does not list through a link, and says so of what is no directory', async (t) => {
    const folder = await folderOf(t);
    await buildTree(folder.text, { inside: { kind: 'directory', children: {} }, link: { kind: 'symlink', target: 'inside' }, file: { kind: 'file', content: '' } });
    for (const each of ['link', 'file']) await assert.rejects(list(nodeFiles.join(folder.path, name(each))), failsWith('ENOTDIR'));
    await assert.rejects(list(nodeFiles.join(folder.path, name('none'))), failsWith('ENOENT'));
  });

  test('an abort ends a long listing with its reason', async (t) => {
    const folder = await folderOf(t);
    for (let i = 0; i < 2_500; i++) await fs.writeFile(folder.at(`f${i}`), '');
    const controller = new AbortController();
    const reason = new Error('enough');
    const listing = nodeFiles.listWithStats(folder.path, { marker: undefined, signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(listing, (error) => error === reason);
  });

  test('opens no link and waits for no pipe', async (t) => {
    const folder = await folderOf(t);
    await buildTree(folder.text, nastyTree());
    for (const link of ['to file', 'to nothing', 'to itself', 'to folder']) {
      const path = nodeFiles.join(folder.path, name(link));
      await assert.rejects(nodeFiles.open(path), failsWith('ELOOP'));
      await assert.rejects(nodeFiles.readWhole(path, 100), failsWith('ELOOP'));
    }
    const pipe = nodeFiles.join(folder.path, name('pipe'));
    assert.equal(await nodeFiles.readWhole(pipe, 100), undefined);
    const opened = await nodeFiles.open(pipe);
    assert.equal((await opened.stat()).kind, 'other');
    await opened.close();
    assert.equal(await nodeFiles.readWhole(nodeFiles.join(folder.path, name('empty folder')), 100), undefined);
  });

  test('reads a whole file up to the bound, and any part of a large one', async (t) => {
    const folder = await folderOf(t);
    const content = new Dice(1).bytes(10_000);
    await fs.writeFile(folder.at('f'), content);
    const path = nodeFiles.join(folder.path, name('f'));
    const whole = await nodeFiles.readWhole(path, 10_000);
    assert.deepEqual(whole?.bytes, content);
    assert.deepEqual(whole.before, whole.after);
    assert.equal(await nodeFiles.readWhole(path, 9_999), undefined);
    const file = await nodeFiles.open(path);
    const into = new Uint8Array(4_000);
    assert.equal(await file.read(into, 8_000), 2_000);
    assert.deepEqual(into.subarray(0, 2_000), content.subarray(8_000));
    assert.equal(await file.read(into, 10_000), 0);
    await file.close();
  });

  test('reads what says it is empty and is not', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
    const path = '/proc/self/status' as AbsolutePath;
    const whole = await nodeFiles.readWhole(path, 100_000);
    assert.equal(whole?.before.size, 0);
    assert.ok(whole.bytes.length > 100);
    assert.equal(await nodeFiles.readWhole(path, 100), undefined);
  });

  test('creates only what is not there, never through a link', async (t) => {
    const folder = await folderOf(t);
    await fs.symlink('elsewhere', folder.at('link'));
    await assert.rejects(nodeFiles.create(nodeFiles.join(folder.path, name('link')), 0o600), failsWith('EEXIST'));
    const path = nodeFiles.join(folder.path, name('\u00ff new'));
    const file = await nodeFiles.create(path, 0o600);
    await file.write(new Uint8Array([1, 2, 3]));
    await file.sync();
    await file.close();
    assert.deepEqual((await nodeFiles.readWhole(path, 10))?.bytes, new Uint8Array([1, 2, 3]));
    assert.equal((await nodeFiles.lstat(path)).mode, 0o600);
    await assert.rejects(nodeFiles.create(path, 0o600), failsWith('EEXIST'));
    await nodeFiles.syncDirectory(folder.path);
  });

  test('sets any time to within 1 µs, of links too', async (t) => {
    const folder = await folderOf(t);
    await buildTree(folder.text, { f: { kind: 'file', content: '' }, l: { kind: 'symlink', target: 'f' } });
    const dice = new Dice(7);
    const times = [0n, 1n, -1n, -1_500_000_000n, 1_700_000_000_999_999_999n, 4_102_444_800_000_000_000n];
    for (let i = 0; i < 50; i++) times.push(BigInt(dice.below(2 ** 31)) * 1_000_000_000n + BigInt(dice.below(1e9)));
    for (const [i, time] of times.entries()) {
      const path = nodeFiles.join(folder.path, name(i % 2 === 0 ? 'f' : 'l'));
      await nodeFiles.setModified(path, time);
      const apart = (await nodeFiles.lstat(path)).mtimeNs - time;
      assert.ok(apart > -2_000n && apart < 2_000n, `${time}: ${apart}`);
    }
  });

  test('sets modes of what it may not read, but never through a link', async (t) => {
    const folder = await folderOf(t);
    await buildTree(folder.text, { f: { kind: 'file', content: '', mode: 0o000 }, l: { kind: 'symlink', target: 'f' }, d: { kind: 'directory', children: {}, mode: 0o700 } });
    const at = (each: string): AbsolutePath => nodeFiles.join(folder.path, name(each));
    await nodeFiles.setMode(at('f'), 0o4751);
    assert.equal((await nodeFiles.lstat(at('f'))).mode, 0o4751);
    await nodeFiles.setMode(at('d'), 0o1777);
    assert.equal((await nodeFiles.lstat(at('d'))).mode, 0o1777);
    await assert.rejects(nodeFiles.setMode(at('l'), 0o777));
    assert.equal((await nodeFiles.lstat(at('f'))).mode, 0o4751);
  });

  test('joins names to a root without doubling slashes', () => {
    assert.equal(nodeFiles.join('/' as AbsolutePath, name('a'), name('b')), '/a/b');
    assert.equal(nodeFiles.join('/x' as AbsolutePath), '/x');
    assert.equal(nodeFiles.join('/x' as AbsolutePath, name('a')), '/x/a');
  });
});
