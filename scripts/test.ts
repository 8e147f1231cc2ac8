import { globSync } from 'node:fs';
import { build } from './build.ts';
import { check } from './check.ts';
import { sourceFolders } from './layers.mjs';
import { lint } from './lint.ts';
import { root, runTool } from './runTool.ts';
import { testVscode } from './testVscode.ts';

const minuteMs = 60_000;
const beside = `{${sourceFolders.filter((folder) => folder !== 'test').join(',')}}/**/*.test.ts`;
const suites = {
  /** Beside the code: seconds. */
  unit: { files: [beside], fileLimitMs: 2 * minuteMs, limitMs: 10 * minuteMs },
  all: {
    files: [beside, 'test/*.test.ts', 'test/{e2e,formats,hostile,simulation}/**/*.test.ts'],
    fileLimitMs: 10 * minuteMs,
    limitMs: 30 * minuteMs,
  },
  /** 100,000 files, 2 GiB, hundreds of kills. */
  slow: { files: ['test/slow/**/*.test.ts'], fileLimitMs: 30 * minuteMs, limitMs: 50 * minuteMs },
} as const;

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

/**
 * `node scripts/test.ts all | unit | slow [PART OF A FILE NAME]... [--OPTION OF NODE]...`
 * The whole suite also builds, checks types and lints before it, and tests the extension in the editor after it; the
 * slow one only builds.
 */
async function main([name = '', ...args]: readonly string[]): Promise<number> {
  if (name !== 'unit' && name !== 'all' && name !== 'slow') throw new Error(`There is no suite ${name}.`);
  for (const step of { unit: [], all: [build, check, lint], slow: [build] }[name]) {
    const code = await step();
    if (code !== 0) {
      console.error(`Stopped: ${step.name} failed, no test was run.`);
      return code;
    }
  }
  const code = await test(suites[name], args);
  // With a part of the tests asked for, `npm run test:vscode` has the same for those in the editor.
  return name === 'all' && code === 0 && args.length === 0 ? testVscode() : code;
}

async function test(suite: (typeof suites)[keyof typeof suites], args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('-'));
  const parts = args.filter((arg) => !arg.startsWith('-'));
  const files = suite.files
    .flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] }))
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
  if (files.length === 0) {
    console.error('There is no such test.');
    return 1;
  }
  return runTool({
    args: ['--import', './scripts/testDeadline.mjs', '--test', '--test-concurrency=2', ...options, ...files],
    env: { HOLDFAST_TEST_FILE_LIMIT_MS: String(suite.fileLimitMs) },
    limitMs: suite.limitMs,
  });
}
