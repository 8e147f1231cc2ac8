import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.ts';
import { root, runTool } from './runTool.ts';

/** Where `npm run package` puts the extension. */
export function vsixFile(): string {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string; version: string };
  return join(root, `${name}-${version}.vsix`);
}

/** Packs the built extension: everything it needs is in its bundles, so no package goes along. */
export async function packExtension(file = vsixFile()): Promise<number> {
  // The project has no public address yet that links of the README could be rewritten to.
  const homeless = ['--allow-missing-repository', '--no-rewrite-relative-links'];
  const words = ['package', '--no-dependencies', ...homeless, '--out', file];
  return await runTool({ args: ['node_modules/@vscode/vsce/vsce', ...words], env: { VSCE_DISABLE_UPDATE_CHECK: '1' } });
}

if (import.meta.main) process.exitCode = (await build()) || (await packExtension());
