// Every rule of test/tidy.test.ts, shown to bite on a few lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { banFaults, type Lifted } from './bans.ts';
import { commandFaults, folderFaults, machinePathFaults, routeFaults } from './documents.ts';
import { cycleFaults, importFaults } from './imports.ts';
import { sizeFaults, type Spared } from './sizes.ts';
import { parseSource, type Fault, type Source } from './source.ts';

const source = (file: string, text: string): Source => parseSource({ file, text });
const said = (faults: readonly Fault[]): string[] => faults.map(({ line, message }) => `${line}: ${message}`);

function checkFaults(faults: readonly Fault[], want: readonly RegExp[]): void {
  assert.equal(faults.length, want.length, said(faults).join('\n'));
  for (const [i, pattern] of want.entries()) assert.match(said(faults)[i] ?? '', pattern);
}

test('imports: of every form, with their line', () => {
  const text = `
import type { Files } from '../ports/files.ts';
import { type Log } from '../ports/log.ts';
export { a } from '../run/a.ts';
export type * from '../run/b.ts';
export * from './c.ts';
const { join } = await import('node:path');
import 'axios';`;
  checkFaults(importFaults(source('engine/core/a.ts', text)), [
    /^3: .*engine\/ports/,
    /^8: .*axios/,
    /^4: .*engine\/run/,
    /^5: .*engine\/run/,
    /^7: .*node:path/,
  ]);
});

test('cycles: of values are found once, of types and of later imports are none', () => {
  const circle = [
    source('base/a.ts', `import { b } from './b.ts'; export const a = b;`),
    source('base/b.ts', `export { c as b } from './c.ts';`),
    source('base/c.ts', `import { a } from './a.ts'; export const c = () => a;`),
    source('base/d.ts', `import { a } from './a.ts'; export const d = a;`),
  ];
  checkFaults(cycleFaults(circle), [/base\/a\.ts → base\/b\.ts → base\/c\.ts → base\/a\.ts/]);
  checkFaults(
    cycleFaults([
      source('base/a.ts', `import type { B } from './b.ts'; export const a = () => import('./b.ts');`),
      source('base/b.ts', `import { a } from './a.ts'; export type B = typeof a;`),
    ]),
    [],
  );
});

const banned = [
  ['clock', 'Date.now()'],
  ['clock', `Date['now']()`],
  ['clock', 'new Date()'],
  ['clock', 'Date()'],
  ['clock', 'performance.now()'],
  ['timer', 'setTimeout(f, 1)'],
  ['timer', 'setInterval(f, 1)'],
  ['timer', 'globalThis.setTimeout(f, 1)'],
  ['timer', 'AbortSignal.timeout(1)'],
  ['timer', `import { setTimeout } from 'node:timers/promises'`],
  ['random', 'Math.random()'],
  ['syncFiles', `import { readFileSync } from 'node:fs'`],
  ['syncFiles', 'fs.fsyncSync(1)'],
  ['environment', 'process.env.HOME'],
  ['environment', `process['env']`],
  ['console', 'console.log(1)'],
  ['bundledUrl', `fork(new URL('./a.ts', import.meta.url))`],
  ['asAny', 'f(x as any)'],
  ['silentCatch', 'try { f(); } catch {}'],
  ['silentCatch', 'p.catch(() => {})'],
  ['silentCatch', 'p.catch(() => undefined)'],
] as const;

for (const [ban, text] of banned) {
  test(`bans: ${text} is ${ban}`, () => {
    checkFaults(banFaults(source('engine/run/a.ts', `\n${text};`), []), [new RegExp(`^2: ${ban}: `)]);
  });
}

test('bans: what only looks alike is left alone', () => {
  const text = `
new Date(0); clock.now(); clock.setTimeout(f, 1); random.next(); database.execSync(); form.getLengthSync();
const text = 'Date.now()'; // console.log, as any
new Worker(new URL('./worker.ts', import.meta.url), {});
try { f(); } catch { /* gone already */ }
try { f(); } catch (error) { report(error); }
// Awaited later.
p.catch(() => undefined);
p.catch(() => {}); // safe: it reported already`;
  checkFaults(banFaults(source('engine/run/a.ts', text), []), []);
});

test('bans: each knows where the thing belongs', () => {
  const check = (file: string, text: string, want: number): void =>
    assert.equal(banFaults(source(file, text), []).length, want, `${file}: ${text}`);
  check('engine/platform/systemClock.ts', 'Date.now(); setTimeout(f, 1); Math.random(); fs.openSync(x);', 0);
  check('engine/run/a.test.ts', 'Date.now(); console.log(process.env.HOME); fs.openSync(x);', 0);
  check('server/blobs/volume.ts', 'fs.fsyncSync(1);', 0);
  check('server/blobs/volume.ts', 'Date.now();', 1);
  check('server/main.ts', 'process.env.HOME;', 0);
  check('cli/compose.ts', 'process.env.HOME;', 0);
  check('cli/commands/push.ts', 'process.env.HOME;', 1);
  check('cli/commands/push.ts', 'console.log(1);', 0);
  check('server/compose.ts', 'console.log(1);', 1);
  check('engine/run/a.test.ts', 'x as any; try { f(); } catch {}', 2);
});

test('bans: one is lifted for one file, and not for longer than it needs', () => {
  const lifted: Lifted[] = [{ file: 'engine/run/a.ts', ban: 'clock', reason: 'to show it' }];
  checkFaults(banFaults(source('engine/run/a.ts', 'Date.now(); Math.random();'), lifted), [/random/]);
  checkFaults(banFaults(source('engine/run/b.ts', 'Date.now();'), lifted), [/clock/]);
  checkFaults(banFaults(source('engine/run/a.ts', 'f();'), lifted), [/lifts this ban here and need not/]);
});

const longFunction = (lines: number): string => `function long() {\n${'  f();\n'.repeat(lines - 2)}}`;

test('sizes: long functions and files fail, by their names', () => {
  checkFaults(sizeFaults(source('base/a.ts', `\n${longFunction(71)}`), []), [/^2: long has 71 lines, at most 70/]);
  checkFaults(sizeFaults(source('base/a.ts', `class A { ${longFunction(71).replace('function ', '')} }`), []), [/long has 71/]);
  checkFaults(sizeFaults(source('base/a.ts', `const long = () => {${'\n'.repeat(70)}};`), []), [/long has 71/]);
  checkFaults(sizeFaults(source('base/a.ts', `test('it holds', () => {${'\n'.repeat(70)}});`), []), [/it holds has 71/]);
  checkFaults(sizeFaults(source('base/a.ts', longFunction(70)), []), []);
  checkFaults(sizeFaults(source('base/a.ts', `describe('it', () => {${'\n'.repeat(99)}});`), []), []);
  checkFaults(sizeFaults(source('base/a.ts', 'f();\n'.repeat(500)), []), []);
  checkFaults(sizeFaults(source('base/a.ts', 'f();\n'.repeat(501)), []), [/^1: the file has 501 lines, at most 500/]);
});

test('sizes: what is spared may shrink and not grow, and leaves the list in the end', () => {
  const spared: Spared[] = [{ file: 'base/a.ts', name: 'long', lines: 80, reason: 'to show it' }];
  checkFaults(sizeFaults(source('base/a.ts', longFunction(80)), spared), []);
  checkFaults(sizeFaults(source('base/a.ts', longFunction(81)), spared), [/at most 80/]);
  checkFaults(sizeFaults(source('base/a.ts', longFunction(20)), spared), [/need not be in/]);
});

test('documents: what they leave out is named', () => {
  const folders = { known: ['base', 'cli'], architecture: 'The folder `base/` and, in passing, server/.' };
  checkFaults(folderFaults(['base', 'server'], folders), [/no layer for server/, /does not name `server\/`/]);

  const protocol = { prefix: '/api/v1', protocol: '`POST /packs` and `GET /api/v1/health`, but not POST /packs/:pack' };
  const routes = ['POST /packs', 'GET /health', 'GET /packs', 'POST /packs/:pack'].map((each) => {
    const [method = '', path = ''] = each.split(' ');
    return { method, path };
  });
  checkFaults(routeFaults(routes, protocol), [/`GET \/packs`/, /`POST \/packs\/:pack`/]);

  checkFaults(commandFaults(['push', 'pull'], 'Run `holdfast push` and then pull.'), [/holdfast pull/]);
});

test('documents: paths of one machine are found, and only they', () => {
  const [work, home] = [`/${'work'}/`, `/${'root'}/`];
  const text = `engine${work}a.ts\n"${home}.cache" and (${work}x\n.${work}a tmp${home}b ${work}`;
  checkFaults(machinePathFaults({ file: 'a.md', text }), [/^2: .*root/, /^2: .*work/]);
});
