// `npm run test:vscode [-- PART OF A FILE NAME]... [--OPTION OF NODE]...`: packs the extension and tests it in a real VS Code.
import { build as bundle } from 'esbuild';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.ts';
import { packExtension } from './package.ts';
import { root, runTool } from './runTool.ts';
import { installSystemPackages } from './systemPackages.ts';
import { chosenHost, installVscodeHost, runsHere } from './vscodeHost.ts';

const minuteMs = 60_000;

if (import.meta.main) process.exitCode = (await build()) || (await testVscode(process.argv.slice(2)));

/** Everything that needs the editor; the programs are built already. Answers the exit code. */
export async function testVscode(args: readonly string[] = []): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('-'));
  const parts = args.filter((arg) => !arg.startsWith('-'));
  const wanted = (file: string): boolean => parts.length === 0 || parts.some((part) => file.includes(part));
  const files = globSync('test/vscode/**/*.test.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/')).filter(wanted).sort();
  const inside = files.filter((file) => file.startsWith('test/vscode/suite/'));
  const outside = files.filter((file) => !inside.includes(file) && (runsHere() || !file.startsWith('test/vscode/ui/')));
  if (files.length === 0) {
    console.error('There is no such test.');
    return 1;
  }
  if (!runsHere()) console.error('The tests of the user interface run on Linux only: they need code-server from npm.');
  if (runsHere()) {
    installVscodeHost(chosenHost());
    installSystemPackages();
  }
  return (await packExtension()) || (await testInside(inside)) || (await testOutside([...options, ...outside], outside.length));
}

/** In the extension host, by Mocha; it knows no TypeScript, so the tests are bundled first. */
async function testInside(files: readonly string[]): Promise<number> {
  if (files.length === 0) return 0;
  const outdir = join(root, '.vscode-test/suite');
  await bundle({
    absWorkingDir: root,
    entryPoints: [...files],
    outdir,
    outbase: 'test/vscode/suite',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const run = files.flatMap((file) => ['--run', join(outdir, file.slice('test/vscode/suite/'.length).replace(/\.ts$/, '.cjs'))]);
  return await runTool({ args: ['node_modules/@vscode/test-cli/out/bin.mjs', ...run], limitMs: 10 * minuteMs });
}

/** From outside, by clicks. One file at a time: each has an editor and a browser, and two at once are no quicker. */
async function testOutside(words: readonly string[], count: number): Promise<number> {
  if (count === 0) return 0;
  return await runTool({
    args: ['--import', './scripts/testDeadline.mjs', '--test', '--test-concurrency=1', ...words],
    env: { HOLDFAST_TEST_FILE_LIMIT_MS: String(5 * minuteMs) },
    limitMs: 20 * minuteMs,
  });
}
