import { runTool } from './runTool.ts';

/** Lints everything, by .oxlintrc.json; arguments such as `--fix` or a file are passed on. */
export async function lint(args: readonly string[] = []): Promise<number> {
  return runTool({ args: ['node_modules/oxlint/bin/oxlint', ...args] });
}

if (import.meta.main) process.exitCode = await lint(process.argv.slice(2));
