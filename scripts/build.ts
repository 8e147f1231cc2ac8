import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool } from './runTool.ts';

const bundled = ['base', 'protocol', 'engine', 'cli', 'extension', 'server', 'webpack.config.js', 'package-lock.json'];
const outputs = ['cli/dist/main.mjs', 'server/dist/main.mjs', 'extension/dist/extension.cjs'];

/** Bundles the programs into their dist/ folders. */
export async function build(): Promise<number> {
  return runTool({ args: ['node_modules/webpack/bin/webpack.js', '--config', 'webpack.config.js'] });
}

/** Bundles unless every source is older than the bundles. A folder counts too: it tells that a file went away. */
export async function buildIfStale(): Promise<number> {
  const built = outputs.map((output) => statSync(join(root, output), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.min(...built) > Math.max(...bundled.map(newestMs)) ? 0 : build();
}

function newestMs(path: string): number {
  const found = statSync(join(root, path));
  if (!found.isDirectory()) return found.mtimeMs;
  const names = readdirSync(join(root, path)).filter((name) => name !== 'dist' && name !== 'node_modules');
  return Math.max(found.mtimeMs, ...names.map((name) => newestMs(join(path, name))));
}

if (import.meta.main) process.exitCode = await build();
