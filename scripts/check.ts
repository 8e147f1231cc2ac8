import { runTool } from './runTool.ts';

/** The pure folders see no types of Node, so each is a project of its own; the last one is everything else. */
const projects = ['base', 'protocol', 'engine/core', '.'];

/** Checks the types of the whole project. */
export async function check(): Promise<number> {
  const codes = await Promise.all(
    projects.map((project) => runTool({ args: ['node_modules/typescript/bin/tsc', '--project', project] })),
  );
  return Math.max(...codes);
}

if (import.meta.main) process.exitCode = await check();
