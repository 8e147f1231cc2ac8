import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../build.ts';
import { root } from '../runTool.ts';

const sources = ['{base,protocol,engine,cli,server}/**/*.ts', 'package-lock.json', 'webpack.config.js'];
const programs = ['cli/dist/main.mjs', 'server/dist/main.mjs'];

/** Builds the programs unless they are newer than everything they are made of. Answers the exit code. */
export async function buildIfStale(): Promise<number> {
  const files = globSync(sources, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**', '**/*.test.ts'] });
  const changedAt = Math.max(...files.map(modifiedAt));
  if (Math.min(...programs.map(modifiedAt)) > changedAt) return 0;
  console.log('Building the programs.');
  return await build();
}

function modifiedAt(file: string): number {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
