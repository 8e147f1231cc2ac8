import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type ByteName, type BytePath, bytesOfByteString, displayName, joinPath } from '../byteString.ts';
import type { Decision } from './decision.ts';
import { DirectoryRules, ruleOptionsDefault } from './directoryRules.ts';
import { gitIgnoreName, parseRuleFile } from './ruleFile.ts';

/** A folder: names to sub-folders, or 'file'. Everything as byte strings. */
interface Folder {
  readonly ignore: string | undefined;
  readonly children: ReadonlyMap<string, Folder | 'file'>;
}

const root = mkdtempSync(join(tmpdir(), 'holdfast-ignore-'));
after(() => rmSync(root, { recursive: true, force: true }));
let trees = 0;

const names = ['a', 'b', 'ab', 'a.b', 'A', 'abc', '.x', '..x', '\u00c3\u00a9', '\u00ff', 'a b', 'a ', '[a]', '!a', '#a', 'a\nb', '*', '\\', '?', 'a$', '(a)', '{a}', '-', '^', ']'];
const nameArbitrary = fc.constantFrom(...names);
const patternPart = fc.oneof(
  nameArbitrary,
  nameArbitrary.map((name) => name.replace(/[\\*?[\] ]/g, '\\$&').replaceAll('\n', '')),
  fc.constantFrom('*', '**', '?', 'a*', '*b', '*.*', '[ab]', '[!a]', '[a-b]*', '[^b]?', '[]a]', '[[:alpha:]]', '[\\]]', '\\a', '???', '[a', '\u00c3?', '??'),
);
const patternArbitrary = fc
  .tuple(fc.constantFrom('', '', '', '!', '!', '#', '\\'), fc.constantFrom('', '', '/'), fc.array(patternPart, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '/', ' ', '  ', '\\ ', '\r', '/**', '/*'))
  .map(([sign, start, parts, end]) => sign + start + parts.join('/') + end);
const ignoreArbitrary = fc.option(fc.array(patternArbitrary, { maxLength: 4 }).map((lines) => `${lines.join('\n')}\n`), { nil: undefined });
const folderArbitrary = (depth: number): fc.Arbitrary<Folder> =>
  fc.record({
    ignore: ignoreArbitrary,
    children: fc
      .array(fc.tuple(nameArbitrary, depth === 0 ? fc.constant('file' as const) : fc.oneof(fc.constant('file' as const), folderArbitrary(depth - 1))), { maxLength: 5 })
      .map((pairs) => new Map(pairs)),
  });

function build(folder: Folder, directory: Buffer): void {
  mkdirSync(directory);
  const inside = (name: string): Buffer => Buffer.concat([directory, Buffer.from(`/${name}`, 'latin1')]);
  if (folder.ignore !== undefined) writeFileSync(inside('.gitignore'), Buffer.from(folder.ignore, 'latin1'));
  for (const [name, child] of folder.children) {
    if (child === 'file') writeFileSync(inside(name), '');
    else build(child, inside(name));
  }
}

/** Every path with our decision; what lies beneath something left out has that decision. */
function* decideAll(folder: Folder, rules: DirectoryRules, directory: BytePath): Generator<[BytePath, Decision]> {
  for (const [name, child] of folder.children) {
    const path = joinPath(directory, name as ByteName);
    const kind = child === 'file' ? 'file' : 'directory';
    const decision = rules.explain({ name: name as ByteName, kind, size: 0, besidePackage: false, holdsEnvironment: false });
    yield [path, decision];
    if (child === 'file') continue;
    if (decision.kept) yield* decideAll(child, rules.child(name as ByteName, filesOf(child, path)), path);
    else for (const below of pathsBelow(child, path)) yield [below, decision];
  }
}

function* pathsBelow(folder: Folder, directory: BytePath): Generator<BytePath> {
  for (const [name, child] of folder.children) {
    const path = joinPath(directory, name as ByteName);
    yield path;
    if (child !== 'file') yield* pathsBelow(child, path);
  }
}

function filesOf(folder: Folder, directory: BytePath): { gitIgnore: ReturnType<typeof parseRuleFile> | undefined; ownIgnore: undefined } {
  if (folder.ignore === undefined) return { gitIgnore: undefined, ownIgnore: undefined };
  const content = bytesOfByteString(folder.ignore);
  return { gitIgnore: parseRuleFile(content, { directory, name: gitIgnoreName, ignoreCase: false }), ownIgnore: undefined };
}

/** What git says: `source:line` of the last matching pattern, with `!` when it keeps, or '' when none matches. */
function askGit(directory: Buffer, paths: readonly BytePath[]): Map<string, string> {
  const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const git = spawnSync('git', ['-c', 'core.excludesFile=', 'check-ignore', '--no-index', '-v', '-n', '-z', '--stdin'], { cwd: directory.toString('latin1'), input, env: { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' } });
  assert.ok(git.status === 0 || git.status === 1, git.stderr.toString());
  const fields = git.stdout.toString('latin1').split('\0');
  const answers = new Map<string, string>();
  for (let i = 0; i + 3 < fields.length; i += 4) {
    const [source, line, pattern, path] = fields.slice(i, i + 4) as [string, string, string, string];
    answers.set(path, source === '' ? '' : `${pattern.startsWith('!') ? '!' : ''}${source}:${line}`);
  }
  return answers;
}

function check(folder: Folder): void {
  const directory = Buffer.from(join(root, String(trees++)));
  build(folder, directory);
  spawnSync('git', ['init', '-q'], { cwd: directory.toString() });
  const rules = DirectoryRules.root(ruleOptionsDefault, filesOf(folder, '' as BytePath));
  const ours = new Map(decideAll(folder, rules, '' as BytePath));
  if (ours.size === 0) return;
  const git = askGit(directory, [...ours.keys()]);
  for (const [path, decision] of ours) {
    const rule = decision.rule?.kind === 'file' ? `${decision.kept ? '!' : ''}${decision.rule.source}:${decision.rule.line}` : '';
    assert.equal(rule, git.get(path), `${displayName(path)} in ${JSON.stringify(folder, (_, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value))}`);
  }
}

const file = 'file' as const;
const folder = (ignore: string | undefined, children: Record<string, Folder | 'file'>): Folder => ({ ignore, children: new Map(Object.entries(children)) });

const table: Record<string, Folder> = {
  'a pattern without a slash matches at every depth': folder('*.log\n', { 'a.log': file, sub: folder(undefined, { 'b.log': file, 'c.txt': file }) }),
  'a nearer file is stronger': folder('*.log\n', { sub: folder('!keep.log\n', { 'keep.log': file, 'b.log': file }) }),
  'nothing comes back from under what is left out': folder('out/\n!out/keep\n', { out: folder('!keep\n', { keep: file }) }),
  'a directory kept by a nearer file is open again': folder('a/b\n', { a: folder('!b\n', { b: folder(undefined, { c: file, d: folder(undefined, { e: file }) }) }) }),
  'a whitelist': folder('/*\n!/src\n/src/*\n!/src/a\n', { src: folder(undefined, { a: file, b: file }), other: file }),
  'a directory pattern leaves files of that name': folder('build/\n', { build: file, sub: folder(undefined, { build: folder(undefined, { x: file }) }) }),
  'escapes, comments and spaces': folder('\\#a\n#b\n\\!c\nd \ne\\ \n', { '#a': file, '#b': file, '!c': file, d: file, 'e ': file, e: file }),
  'names with a newline and not of UTF-8': folder('a*\n?\n', { 'a\nb': file, '\u00ff': file, '\u00c3\u00a9': file }),
  'windows line ends and a byte order mark': folder('\u00ef\u00bb\u00bf*.log\r\n!a.log\r\n', { 'a.log': file, 'b.log': file }),
  'stars across directories': folder('**/x\na/**/z\nq/**\n', { x: file, a: folder(undefined, { z: file, b: folder(undefined, { z: file, x: file }) }), q: folder(undefined, { y: file }) }),
};

for (const [name, tree] of Object.entries(table)) test(`as git: ${name}`, () => check(tree));

test('as git: random rules over random trees', () => {
  fc.assert(fc.property(folderArbitrary(2), check), { numRuns: Number(process.env['HOLDFAST_RUNS'] ?? 60) });
});
