import { runTool } from './runTool.ts';

/** Bundles the programs into their dist/ folders. */
export async function build(): Promise<number> {
  return runTool({ args: ['node_modules/webpack/bin/webpack.js', '--config', 'webpack.config.js'] });
}

if (import.meta.main) process.exitCode = await build();
