import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { BackupError } from '../../../base/errors.ts';
import { type ByteName, type BytePath, byteStringOfText, joinPath, rootPath } from '../../core/byteString.ts';
import { decisionText } from '../../core/ignore/decision.ts';
import { type RuleOptions, ruleOptionsDefault } from '../../core/ignore/directoryRules.ts';
import { nodeFiles } from '../../platform/nodeFiles.ts';
import type { Files } from '../../ports/files.ts';
import { DiskFolder } from '../../testing/diskFolder.ts';
import { nastyTree } from '../../testing/nastyTree.ts';
import { buildDeep, buildTree, directory, file, symlink, type TreeSpec } from '../../testing/treeBuilder.ts';
import { FolderRules } from './folderRules.ts';
import { explainPath, inspectPath } from './inspectPath.ts';
import { listDirectory } from './listDirectory.ts';
import type { ScanContext } from './scanTypes.ts';

const { signal } = new AbortController();
const unix = process.platform !== 'win32';
const at = (text: string): BytePath => byteStringOfText(text);

interface Options {
  readonly options?: Partial<RuleOptions>;
  readonly include?: readonly string[];
  readonly files?: Files;
}

async function scanned(t: TestContext, tree: TreeSpec, { options, include = [], files = nodeFiles }: Options = {}): Promise<ScanContext & { readonly folder: DiskFolder }> {
  const folder = await DiskFolder.create({ after: (run) => t.after(run) });
  await buildTree(folder.text, tree);
  const root = folder.path;
  const rules = new FolderRules({ files, root, options: { ...ruleOptionsDefault, ...options }, include: include.map(at) });
  return { files, root, rules, folder };
}

/** Every kept path from the root down, directories with a slash; and the warnings. */
async function walk(context: ScanContext): Promise<{ readonly kept: readonly string[]; readonly warnings: readonly string[] }> {
  const kept: string[] = [];
  const warnings: string[] = [];
  const pending = [rootPath];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const listed = await listDirectory(context, path, { signal });
    if (listed.kind === 'gone') continue;
    if (listed.kind === 'unreadable') warnings.push(`${listed.warning.kind} ${listed.warning.path}`);
    else {
      warnings.push(...listed.warnings.map(({ kind, path: where }) => `${kind} ${where}`));
      for (const { name, stat } of listed.entries) {
        const below = joinPath(path, name);
        kept.push(stat.kind === 'directory' ? `${below}/` : below);
        if (stat.kind === 'directory') pending.push(below);
      }
    }
  }
  return { kept: kept.toSorted(), warnings: warnings.toSorted() };
}

const why = async (context: ScanContext, path: string): Promise<string> => decisionText((await explainPath(context, at(path), { signal })).decision);
const text = (value: string): { kind: 'file'; content: string } => ({ kind: 'file', content: value });

test('lists the nasty tree whole, with a warning for what is no file', { skip: !unix }, async (t) => {
  const context = await scanned(t, nastyTree());
  const listed = await listDirectory(context, rootPath, { signal });
  assert.ok(listed.kind === 'listed');
  const names = listed.entries.map(({ name }) => name);
  assert.deepEqual(names, Object.keys(nastyTree()).filter((name) => name !== 'socket' && name !== 'pipe').toSorted());
  assert.deepEqual(listed.warnings, [{ path: 'pipe', kind: 'not-a-file' }, { path: 'socket', kind: 'not-a-file' }]);
  assert.equal(listed.hardLinks, 2);
  for (const entry of listed.entries) {
    assert.deepEqual(await inspectPath(context, entry.name, { signal }), { kind: 'kept', entry });
  }
});

test('goes as deep as paths can say, and warns once where they cannot', { skip: !unix }, async (t) => {
  const context = await scanned(t, {});
  await buildDeep(context.folder.text, { depth: 1_000 });
  const shallow = await walk(context);
  assert.equal(shallow.kept.length, 1_010);
  assert.deepEqual(shallow.warnings, []);
  await buildDeep(context.folder.text, { depth: 60, name: 'e'.repeat(100) });
  const deep = await walk(context);
  assert.equal(deep.warnings.length, 1);
  assert.match(deep.warnings[0]!, /^path-too-long e/);
  assert.ok(deep.kept.length > 1_010 + 30);
});

test('decides as written, nearest first, and ours before git’s', async (t) => {
  const context = await scanned(t, {
    '.gitignore': text('*.log\n/build/\n'),
    '.holdfastignore': text('!keep.log\nsecret*\n'),
    'a.log': text(''),
    'keep.log': text(''),
    secrets: text(''),
    build: directory({ out: file() }),
    sub: directory({ '.gitignore': text('!*.log\nbuild\n'), 'b.log': file(), build: directory({ x: file() }), secret1: file() }),
  });
  const { kept } = await walk(context);
  assert.deepEqual(kept, ['.gitignore', '.holdfastignore', 'keep.log', 'sub/', 'sub/.gitignore', 'sub/b.log']);
  assert.equal(await why(context, 'a.log'), 'left out by `.gitignore:1` (`*.log`)');
  assert.equal(await why(context, 'keep.log'), 'backed up by `.holdfastignore:1` (`!keep.log`)');
  assert.equal(await why(context, 'build/out'), 'left out by `.gitignore:2` (`/build/`)');
  assert.equal(await why(context, 'sub/build/x'), 'left out by `sub/.gitignore:2` (`build`)');
  assert.equal(await why(context, 'sub/b.log'), 'backed up by `sub/.gitignore:1` (`!*.log`)');
  assert.equal(await why(context, 'sub/secret1'), 'left out by `.holdfastignore:2` (`secret*`)');
  assert.equal(await why(context, 'not/there'), 'backed up');
});

test('what ours takes back from git’s rules comes back with all that is in it', async (t) => {
  const context = await scanned(t, {
    '.gitignore': text('dist\n*.map\n'),
    '.holdfastignore': text('!dist\n'),
    dist: directory({ 'a.js': file(), 'a.map': file(), deep: directory({ 'b.js': file() }) }),
  });
  const { kept } = await walk(context);
  assert.deepEqual(kept, ['.gitignore', '.holdfastignore', 'dist/', 'dist/a.js', 'dist/deep/', 'dist/deep/b.js']);
});

test('the settings are strongest, and --no-gitignore leaves ours in force', async (t) => {
  const tree: TreeSpec = { '.gitignore': text('a\n'), '.holdfastignore': text('!b\nc\n'), a: file(), b: file(), c: file() };
  const settings = await scanned(t, tree, { options: { excludes: ['b', '!c'] } });
  assert.deepEqual((await walk(settings)).kept, ['.gitignore', '.holdfastignore', 'c']);
  assert.equal(await why(settings, 'b'), 'left out by the settings (`b`)');
  const without = await scanned(t, tree, { options: { gitignore: false } });
  assert.deepEqual((await walk(without)).kept, ['.gitignore', '.holdfastignore', 'a', 'b']);
});

test('leaves out by default what can be made again, unless a rule says otherwise', { skip: !unix }, async (t) => {
  const tree: TreeSpec = {
    'package.json': text('{}'),
    node_modules: directory({ x: file() }),
    venv: directory({ 'pyvenv.cfg': file(), lib: file() }),
    plain: directory({ node_modules: directory({ mine: file() }) }),
    '.git': directory({ config: file() }),
    '.holdfast-0123456789abcdef.tmp': file(),
    'link.venv': symlink('venv'),
  };
  const context = await scanned(t, tree);
  assert.deepEqual((await walk(context)).kept, ['link.venv', 'package.json', 'plain/', 'plain/node_modules/', 'plain/node_modules/mine']);
  assert.equal(await why(context, 'node_modules/x'), 'left out by default: `node_modules` beside a `package.json`');
  assert.equal(await why(context, 'venv/lib'), 'left out by default: a Python virtual environment');
  assert.equal(await why(context, '.git'), 'left out by default: `.git` is backed up only when asked for');
  const taken = await scanned(t, { ...tree, '.holdfastignore': text('!node_modules\n!venv/\n') }, { options: { git: true } });
  const { kept } = await walk(taken);
  for (const path of ['node_modules/x', 'venv/lib', '.git/config']) assert.ok(kept.includes(path), path);
  assert.ok(!kept.includes('.holdfast-0123456789abcdef.tmp'));
});

test('inside .git no rule file counts, and a locked one is not read', async (t) => {
  const context = await scanned(t, { '.gitignore': text('logs\n'), '.git': directory({ logs: directory({ HEAD: file() }), index: file() }) }, { options: { git: true } });
  assert.ok((await walk(context)).kept.includes('.git/logs/HEAD'));
  await context.folder.write('.git/index.lock', '');
  assert.deepEqual(await listDirectory(context, at('.git'), { signal }), { kind: 'unreadable', warning: { path: '.git', kind: 'locked' } });
});

test('a file over the maximum is left out with a warning, kept by a rule or not', async (t) => {
  const context = await scanned(t, { '.holdfastignore': text('!big\n'), big: { kind: 'sparse', size: 10_001 }, fits: { kind: 'sparse', size: 10_000 } }, { options: { fileBytesMax: 10_000 } });
  assert.deepEqual(await walk(context), { kept: ['.holdfastignore', 'fits'], warnings: ['too-large big'] });
  assert.equal(await why(context, 'big'), 'left out because it is larger than the maximum file size of 10000 bytes');
  assert.deepEqual(await inspectPath(context, at('big'), { signal }), { kind: 'unreadable', warning: { path: 'big', kind: 'too-large' } });
});

test('keeps what is asked for, and nothing else of what is left out around it', async (t) => {
  const tree: TreeSpec = { '.gitignore': text('out\n*.log\n'), out: directory({ deep: directory({ 'a.log': file(), b: file() }), c: file() }), 'd.log': file(), 'e.log': file() };
  const context = await scanned(t, tree, { include: ['out/deep/a.log', 'd.log'] });
  assert.deepEqual((await walk(context)).kept, ['.gitignore', 'd.log', 'out/', 'out/deep/', 'out/deep/a.log']);
  assert.equal((await inspectPath(context, at('out/deep/a.log'), { signal })).kind, 'kept');
  assert.equal((await inspectPath(context, at('out/deep/b'), { signal })).kind, 'left-out');
});

test('one path is looked at as its directory’s listing would show it', { skip: !unix }, async (t) => {
  const context = await scanned(t, {
    '.gitignore': text('*.log\n'),
    'package.json': file(),
    node_modules: directory({ x: directory({ y: file() }) }),
    sub: directory({ 'a.log': file(), b: file(), link: symlink('../sub') }),
    f: file(),
  });
  const kindOf = async (path: string): Promise<string> => (await inspectPath(context, at(path), { signal })).kind;
  assert.equal(await kindOf('sub/b'), 'kept');
  assert.equal(await kindOf('sub/a.log'), 'left-out');
  assert.equal(await kindOf('node_modules/x/y'), 'left-out');
  assert.equal(await kindOf('node_modules/x/not there'), 'left-out');
  assert.equal(await kindOf('sub/none'), 'gone');
  assert.equal(await kindOf('none/none'), 'gone');
  assert.equal(await kindOf('f/none'), 'gone');
  assert.equal(await kindOf('sub/link'), 'kept');
  assert.equal(await kindOf('sub/link/b'), 'gone', 'never through a link');
});

test('a rule file that changes is read again, and says what to look at', async (t) => {
  const context = await scanned(t, { sub: directory({ a: file(), 'package.json': file(), node_modules: directory({ x: file() }) }), venv: directory({ lib: file() }) });
  const kindOf = async (path: string): Promise<string> => (await inspectPath(context, at(path), { signal })).kind;
  assert.equal(await kindOf('sub/a'), 'kept');
  await context.folder.write('sub/.gitignore', 'a\n');
  assert.equal(await kindOf('sub/a'), 'kept', 'remembered until told');
  assert.deepEqual(context.rules.invalidate([at('sub/.gitignore'), at('sub/a')]), ['sub']);
  assert.equal(await kindOf('sub/a'), 'left-out');
  assert.equal(await kindOf('sub/node_modules/x'), 'left-out');
  await fs.rm(context.folder.at('sub/package.json'));
  assert.deepEqual(context.rules.invalidate([at('sub/package.json')]), ['sub/node_modules']);
  assert.equal(await kindOf('sub/node_modules/x'), 'kept');
  assert.equal(await kindOf('venv/lib'), 'kept');
  await context.folder.write('venv/pyvenv.cfg', '');
  assert.deepEqual(context.rules.invalidate([at('venv/pyvenv.cfg')]), ['venv']);
  assert.equal(await kindOf('venv/lib'), 'left-out');
});

test('a directory that is replaced brings its own rules', async (t) => {
  const context = await scanned(t, { a: directory({ '.gitignore': text('x\n'), x: file() }), b: directory({ x: file() }) });
  const kindOf = async (path: string): Promise<string> => (await inspectPath(context, at(path), { signal })).kind;
  assert.equal(await kindOf('a/x'), 'left-out');
  await fs.rename(context.folder.at('a'), context.folder.at('c'));
  await fs.rename(context.folder.at('b'), context.folder.at('a'));
  context.rules.invalidate([at('a'), at('b'), at('c')]);
  assert.equal(await kindOf('a/x'), 'kept');
  assert.equal(await kindOf('c/x'), 'left-out');
});

test('a rule file that is a link, a folder or unreadable counts as absent', { skip: !unix }, async (t) => {
  const context = await scanned(t, { rules: text('*\n'), '.gitignore': symlink('rules'), '.holdfastignore': directory({ x: file() }), a: file() });
  assert.deepEqual((await walk(context)).kept, ['.gitignore', '.holdfastignore/', '.holdfastignore/x', 'a', 'rules']);
});

test('what the system refuses is a warning, and the walk goes on', async (t) => {
  const refuse = (name: string, code: string): Files => ({
    ...nodeFiles,
    async listWithStats(path, options) {
      if (path.endsWith('/closed')) throw Object.assign(new Error('no'), { code });
      const listed = await nodeFiles.listWithStats(path, options);
      return listed.map((one) => (one.name === name ? { name: one.name, stat: undefined, code } : one));
    },
  });
  const tree: TreeSpec = { a: file(), bad: file(), closed: directory({ x: file() }), 'left.log': file(), '.gitignore': text('*.log\n') };
  const denied = await scanned(t, tree, { files: refuse('bad', 'EACCES') });
  assert.deepEqual(await walk(denied), { kept: ['.gitignore', 'a', 'closed/'], warnings: ['unreadable bad', 'unreadable closed'] });
  const long = await scanned(t, tree, { files: refuse('bad', 'ENAMETOOLONG') });
  assert.deepEqual((await walk(long)).warnings, ['path-too-long bad', 'path-too-long closed']);
  const quiet = await scanned(t, tree, { files: refuse('left.log', 'EACCES') });
  assert.deepEqual((await walk(quiet)).warnings, ['unreadable closed'], 'nothing is said of what is left out');
});

test('an abort ends a listing with its reason', async (t) => {
  const context = await scanned(t, { a: file() });
  const reason = new BackupError('cancelled', 'Enough.');
  await assert.rejects(listDirectory(context, rootPath, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
});

test('explains every name that a directory leaves out', async (t) => {
  const context = await scanned(t, { '.gitignore': text('# comment\n\n*.log\n'), 'a.log': file(), 'b.log': file(), c: file() });
  const listed = await listDirectory(context, rootPath, { signal, explain: true });
  assert.ok(listed.kind === 'listed');
  assert.equal(listed.leftOut, 2);
  assert.deepEqual(listed.decisions.map(({ name, decision }) => `${name}: ${decisionText(decision)}`), ['a.log: left out by `.gitignore:3` (`*.log`)', 'b.log: left out by `.gitignore:3` (`*.log`)']);
});

test('reads rules and names as git does where both can be asked', { skip: !unix }, async (t) => {
  const names = ['a.log', 'b.log', 'keep.log', 'x y', '\u00e9', 'z'];
  const context = await scanned(t, { '.gitignore': text('*.log\n!keep.log\nx\\ y\n\u00e9\n'), ...Object.fromEntries(names.map((name) => [byteStringOfText(name), file()])) });
  execFileSync('git', ['init', '-q'], { cwd: context.folder.text });
  const git = execFileSync('git', ['ls-files', '-z', '--others', '--exclude-standard'], { cwd: context.folder.text });
  assert.deepEqual((await walk(context)).kept, git.toString('latin1').split('\0').filter((name) => name !== '').toSorted());
});

test('names of one directory come in byte order, however many', async (t) => {
  const context = await scanned(t, {});
  const names = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? `f${i}` : i % 3 === 1 ? `F${i}` : byteStringOfText(`\u{10000}${i}`)) as ByteName);
  await buildTree(context.folder.text, Object.fromEntries(names.map((name) => [name, file()])));
  const listed = await listDirectory(context, rootPath, { signal });
  assert.ok(listed.kind === 'listed');
  const got = listed.entries.map(({ name }) => Buffer.from(name, 'latin1'));
  assert.deepEqual(got, got.toSorted(Buffer.compare));
  assert.equal(got.length, 300);
});
