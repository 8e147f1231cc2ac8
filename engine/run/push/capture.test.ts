import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import { ruleOptionsDefault } from '../../core/ignore/directoryRules.ts';
import { nodeFiles } from '../../platform/nodeFiles.ts';
import type { AbsolutePath, Files } from '../../ports/files.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';

/** The disk, with some calls on some names replaced. */
function filesWith(overrides: Partial<Files>): Files {
  return { ...nodeFiles, ...overrides };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

async function newest(world: FolderWorld): Promise<Readonly<Record<string, string>>> {
  return await world.stored(world.snapshots().at(-1)!.header);
}

test('a file that cannot be read keeps its last version, with a warning; a new one is left out with one', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('old', 'one');
  await world.push(await world.engine());
  const refused = async (path: AbsolutePath): Promise<void> => {
    if (/\/(old|new)$/.test(path)) throw systemError('EACCES');
  };
  const files = filesWith({
    readWhole: async (path, bytesMax) => (await refused(path), await nodeFiles.readWhole(path, bytesMax)),
    open: async (path) => (await refused(path), await nodeFiles.open(path)),
  });
  await world.folder.write('old', 'two');
  await world.folder.write('new', 'new');
  await world.folder.write('fine', 'fine');
  const report = await world.push(await world.engine({ files }));
  assert.deepEqual(await newest(world), { fine: 'fine', old: 'one' });
  assert.deepEqual(report.warnings, [{ path: 'new', kind: 'unreadable' }, { path: 'old', kind: 'unreadable' }]);
  assert.deepEqual(world.snapshots().at(-1)!.details.warnings, report.warnings);
});

test('a folder that cannot be listed keeps what it held', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('dir/a', 'one');
  await world.push(await world.engine());
  const files = filesWith({
    async listWithStats(path, options) {
      if (path.endsWith('/dir')) throw systemError('EACCES');
      return await nodeFiles.listWithStats(path, options);
    },
  });
  await world.folder.write('b', 'two');
  const report = await world.push(await world.engine({ files }));
  assert.deepEqual(await newest(world), { b: 'two', 'dir/': '', 'dir/a': 'one' });
  assert.deepEqual(report.warnings, [{ path: 'dir', kind: 'unreadable' }]);
});

test('a warning stays with the snapshots of saves elsewhere, and goes when the path is fine again', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('bad', 'x');
  await world.folder.write('a', '1');
  let broken = true;
  const files = filesWith({
    async readWhole(path, bytesMax) {
      if (broken && path.endsWith('/bad')) throw systemError('EIO');
      return await nodeFiles.readWhole(path, bytesMax);
    },
  });
  const engine = await world.engine({ files });
  await world.push(engine);
  await world.folder.write('a', '2');
  assert.equal((await world.save(engine, 'a')).warningsTotal, 1);
  broken = false;
  assert.equal((await world.save(engine, 'bad')).warningsTotal, 0);
});

test('a file that keeps changing while it is read is taken as it was read, with a warning', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('log', 'start');
  let reads = 0;
  const files = filesWith({
    async readWhole(path, bytesMax) {
      const read = await nodeFiles.readWhole(path, bytesMax);
      if (!path.endsWith('/log') || read === undefined) return read;
      reads += 1;
      return { ...read, after: { ...read.after, mtimeNs: read.after.mtimeNs + BigInt(reads), size: read.after.size + 1 } };
    },
  });
  const engine = await world.engine({ files });
  const report = await world.push(engine);
  assert.equal(reads, 3);
  assert.deepEqual(report.warnings, [{ path: 'log', kind: 'changed-while-read' }]);
  assert.deepEqual(await newest(world), { log: 'start' });
});

test('a file that changes once while it is read is read again and is right', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'half');
  let first = true;
  const files = filesWith({
    async readWhole(path, bytesMax) {
      const read = await nodeFiles.readWhole(path, bytesMax);
      if (!path.endsWith('/a') || !first || read === undefined) return read;
      first = false;
      await fs.writeFile(world.folder.at('a'), 'half and half');
      return { ...read, after: await nodeFiles.lstat(path) };
    },
  });
  const report = await world.push(await world.engine({ files }));
  assert.equal(report.warningsTotal, 0);
  assert.deepEqual(await newest(world), { a: 'half and half' });
});

test('what turns into something else while it is looked at is stored as what it is by then', async (t) => {
  const world = await FolderWorld.create(t);
  for (const name of ['toFolder', 'toLink', 'toNothing']) await world.folder.write(name, 'file');
  const turn = new Map<string, () => Promise<void>>([
    ['toFolder', async () => (await fs.rm(world.folder.at('toFolder')), await world.folder.write('toFolder/in', 'in'))],
    ['toLink', async () => (await fs.rm(world.folder.at('toLink')), await fs.symlink('x', world.folder.at('toLink')))],
    ['toNothing', async () => await fs.rm(world.folder.at('toNothing'))],
  ]);
  const files = filesWith({
    async readWhole(path, bytesMax) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      await turn.get(name)?.();
      turn.delete(name);
      return await nodeFiles.readWhole(path, bytesMax);
    },
  });
  await world.push(await world.engine({ files }));
  assert.deepEqual(await newest(world), { 'toFolder/': '', 'toFolder/in': 'in', toLink: '-> x' });
});

test('an unchanged file is not read again, unless its mark may be racy', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'one');
  const { ctimeMs } = await fs.stat(world.folder.at('a'));
  const bytesRead = async (msLater: number): Promise<number> => {
    const clock = { ...world.clock, now: () => Math.ceil(ctimeMs) + msLater };
    return (await world.push(await world.engine({ clock }), { trigger: 'scan' })).bytesRead;
  };
  assert.deepEqual([await bytesRead(1), await bytesRead(2), await bytesRead(500), await bytesRead(501)], [3, 3, 3, 0]);
  await fs.chmod(world.folder.at('a'), 0o600);
  assert.equal(await bytesRead(1_000_000), 3);
});

test('a change within the tick of the last one is noticed', async (t) => {
  const world = await FolderWorld.create(t);
  const engine = await world.engine();
  for (let i = 0; i < 30; i++) {
    await fs.writeFile(world.folder.at('a'), `${i % 10}`);
    await world.push(engine);
    assert.deepEqual(await newest(world), { a: `${i % 10}` });
  }
});

test('a change that is only a time makes no snapshot of its own on a save and rides along with the next', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a', { mtime: 1_600_000_000 });
  await world.folder.write('dir/b', 'b');
  const engine = await world.engine();
  await world.push(engine);
  await fs.utimes(world.folder.at('a'), 1_650_000_000, 1_650_000_000);
  assert.equal((await world.save(engine, 'a')).outcome, 'unchanged');
  await world.folder.write('dir/b', 'bb');
  const report = await world.save(engine, 'dir/b');
  assert.deepEqual(report.changed, [{ path: 'a', kind: 'meta' }, { path: 'dir/b', kind: 'modify' }]);
  const scan = await world.push(engine);
  assert.equal(scan.outcome, 'unchanged');
});

test('a push by hand keeps a file’s new time, and takes no notice of a folder’s alone', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a', { mtime: 1_600_000_000 });
  await world.folder.write('dir/b', 'b');
  const engine = await world.engine();
  await world.push(engine);
  await fs.utimes(world.folder.at('dir'), 1_650_000_000, 1_650_000_000);
  assert.equal((await world.push(engine)).outcome, 'unchanged');
  await fs.utimes(world.folder.at('a'), 1_650_000_000, 1_650_000_000);
  assert.equal((await world.push(engine)).outcome, 'acknowledged');
});

test('a time that differs by less than a runtime can set is no change', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a', { mtime: 1_600_000_000 });
  const engine = await world.engine();
  const first = await world.push(engine);
  const files = filesWith({
    async readWhole(path, bytesMax) {
      const read = await nodeFiles.readWhole(path, bytesMax);
      if (read === undefined) return read;
      const shift = (stat: typeof read.after): typeof read.after => ({ ...stat, mtimeNs: stat.mtimeNs + 1_999n });
      return { ...read, before: shift(read.before), after: shift(read.after) };
    },
  });
  const second = await world.push(await world.engine({ files }), { force: true });
  assert.deepEqual([second.outcome, second.snapshot], ['unchanged', first.snapshot]);
});

test('a mode that changed is a change', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a');
  const engine = await world.engine();
  await world.push(engine);
  await fs.chmod(world.folder.at('a'), 0o755);
  assert.deepEqual((await world.save(engine, 'a')).changed, [{ path: 'a', kind: 'meta' }]);
});

test('a moved folder is one row, a moved file is said to have moved though it was edited on the way', async (t) => {
  const world = await FolderWorld.create(t);
  for (let i = 0; i < 20; i++) await world.folder.write(`old/in/file${i}`, `content ${i}`);
  await world.folder.write('a', 'a file of some length');
  const engine = await world.engine();
  await world.push(engine);
  await fs.rename(world.folder.at('old'), world.folder.at('new'));
  await fs.rename(world.folder.at('a'), world.folder.at('b'));
  await fs.writeFile(world.folder.at('b'), 'A FILE OF SOME LENGTH');
  const report = await world.save(engine, 'old', 'new', 'a', 'b');
  assert.deepEqual(report.changed, [
    { path: 'a', kind: 'delete' },
    { path: 'b', kind: 'moved-from' },
    { path: 'new', kind: 'moved-from' },
    { path: 'old', kind: 'below' },
  ]);
  assert.deepEqual([report.filesNew, report.filesDeleted], [21, 21]);
});

test('totals of a snapshot are those of the folder, whatever came and went', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a/b/c', '12345');
  await world.folder.write('a/d', '12');
  const engine = await world.engine();
  await world.push(engine);
  await fs.rm(world.folder.at('a/b'), { recursive: true });
  await world.folder.write('a/b', '1234567');
  await fs.symlink('x', world.folder.at('l'));
  await world.save(engine, 'a/b', 'l');
  const { counts } = world.snapshots().at(-1)!.details;
  assert.deepEqual([counts.files, counts.directories, counts.symlinks, counts.bytes], [2, 1, 1, 9]);
  const again = await world.engine();
  await world.folder.write('a/e', '1');
  await world.push(again);
  const { counts: later } = world.snapshots().at(-1)!.details;
  assert.deepEqual([later.files, later.directories, later.symlinks, later.bytes], [3, 1, 1, 10]);
});

test('a dry run decides and counts, and neither asks nor stores anything', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'one');
  const engine = await world.engine();
  const dry = await world.push(engine, { dryRun: true });
  assert.deepEqual([dry.outcome, dry.workspace, dry.snapshot, dry.filesNew, dry.bytesSent], ['dry-run', undefined, undefined, 1, 0]);
  assert.deepEqual([world.network.count, world.outbox.files.size, world.state.files.size], [0, 0, 0]);
  await world.push(engine);
  await world.folder.write('a', 'two');
  world.network.reset();
  const second = await world.push(engine, { dryRun: true });
  assert.deepEqual(second.changed, [{ path: 'a', kind: 'modify' }]);
  assert.equal(world.network.count, 0);
  assert.equal((await world.push(engine)).filesChanged, 1);
});

test('paths asked for are captured though a rule leaves them out, in that snapshot only', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('.gitignore', 'secret\nbuilt/\n');
  await world.folder.write('secret', 's');
  await world.folder.write('built/x', 'x');
  await world.folder.write('built/y', 'y');
  await world.folder.write('a', 'a');
  const engine = await world.engine();
  await world.push(engine);
  const include = new Set(['secret', 'built/x'] as never[]);
  await world.push(engine, { dirty: new Set(), trigger: 'before-restore', include });
  const { '.gitignore': _, ...found } = await newest(world);
  assert.deepEqual(found, { a: 'a', 'built/': '', 'built/x': 'x', secret: 's' });
  await world.folder.write('a', 'b');
  await world.save(engine, 'a');
  const { '.gitignore': __, ...after } = await newest(world);
  assert.deepEqual(after, { a: 'b' });
});

test('force reads everything, asks about everything, and sends what the server lost', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('dir/a', 'a');
  const engine = await world.engine();
  const first = await world.push(engine);
  const account = world.server.account(world.account);
  const before = new Set(account.objects.keys());
  account.objects.clear();
  const forced = await world.push(engine, { force: true });
  assert.deepEqual([forced.outcome, forced.snapshot, forced.bytesRead], ['unchanged', first.snapshot, 1]);
  assert.deepEqual(new Set(account.objects.keys()), before);
});

test('where git stands is part of the snapshot', async (t) => {
  const world = await FolderWorld.create(t);
  const hash = 'ab'.repeat(20);
  await world.folder.write('.git/HEAD', 'ref: refs/heads/topic/x\n');
  await world.folder.write('.git/refs/heads/topic/x', `${hash}\n`);
  await world.folder.write('a', 'a');
  const engine = await world.engine();
  await world.push(engine);
  assert.deepEqual(world.snapshots().at(-1)!.details.git, { head: hash, branch: 'topic/x' });
  await fs.rm(world.folder.at('.git/refs/heads/topic/x'));
  await world.folder.write('.git/packed-refs', `# pack-refs\n${hash.replaceAll('a', 'c')} refs/heads/topic/x\n`);
  await world.folder.write('a', 'b');
  await world.save(engine, 'a');
  assert.equal(world.snapshots().at(-1)!.details.git?.head, hash.replaceAll('a', 'c'));
});

test('a folder that is gone or cannot be read fails the push; nothing is taken for deleted', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', 'a');
  const engine = await world.engine();
  await world.push(engine);
  await fs.rename(world.folder.text, `${world.folder.text}-away`);
  await assert.rejects(world.push(engine), { code: 'not-found' });
  await assert.rejects(world.save(engine, 'a'), { code: 'not-found' });
  await fs.rename(`${world.folder.text}-away`, world.folder.text);
  assert.equal((await world.push(engine)).outcome, 'unchanged');
});

test('what a push that failed was told of is not forgotten', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('a', '1');
  await world.folder.write('b', '1');
  const engine = await world.engine();
  await world.push(engine);
  await world.folder.write('a', '2');
  await assert.rejects(world.push(engine, { dirty: new Set(['a'] as never[]), signal: AbortSignal.abort(new Error('stopped')) }), /stopped/);
  const stop = new AbortController();
  const onProgress = (): void => stop.abort(new Error('stopped later'));
  await assert.rejects(world.push(engine, { dirty: new Set(['a'] as never[]), signal: stop.signal, onProgress }), /stopped later/);
  await world.folder.write('b', '2');
  await world.save(engine, 'b');
  assert.deepEqual(await newest(world), { a: '2', b: '2' });
});

test('a save after a push that stopped at a checkpoint looks at everything', async (t) => {
  const world = await FolderWorld.create(t);
  for (const name of ['a', 'b', 'c']) await world.folder.write(name, '1');
  const stop = new AbortController();
  const engine = await world.engine({ limits: { checkpointMs: 0 } });
  world.network.plan = (call, count) => {
    if (call === 'commit' && count === 2) stop.abort(new Error('stopped'));
    return 'none';
  };
  await assert.rejects(world.push(engine, { signal: stop.signal }), /stopped/);
  assert.equal(engine.tip?.partial, true);
  await world.save(engine, 'a');
  assert.equal(engine.tip?.partial, false);
  assert.deepEqual(await newest(world), { a: '1', b: '1', c: '1' });
});

test('while git holds a lock its folder stays as it was, also in a save', async (t) => {
  const world = await FolderWorld.create(t);
  await world.folder.write('.git/HEAD', 'ref: refs/heads/main\n');
  const engine = await world.engine({ rules: { ...ruleOptionsDefault, git: true } });
  await world.push(engine);
  await world.folder.write('.git/index.lock', '');
  await world.folder.write('.git/HEAD', 'ref: refs/heads/other\n');
  await world.folder.write('a', 'a');
  const report = await world.save(engine, '.git/HEAD', '.git/index.lock', 'a');
  assert.deepEqual(report.warnings, [{ path: '.git', kind: 'locked' }]);
  assert.deepEqual(await newest(world), { '.git/': '', '.git/HEAD': 'ref: refs/heads/main\n', a: 'a' });
  await fs.rm(world.folder.at('.git/index.lock'));
  assert.equal((await world.save(engine, '.git/index.lock')).warningsTotal, 0);
  assert.equal((await newest(world))['.git/HEAD'], 'ref: refs/heads/other\n');
});
