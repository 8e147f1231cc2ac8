import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../runTool.ts';

export type DemoProgram = 'holdfast' | 'holdfast-server';

const launchers = { holdfast: 'cli/bin/holdfast.mjs', 'holdfast-server': 'server/bin/holdfast-server.mjs' } as const;

export interface DemoRun {
  readonly program: DemoProgram;
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** `show`: the person sees what it says. `take`: the caller does. */
  readonly output: 'show' | 'take';
}

/** A built program on the Node that runs this, as a person would start it. */
export function startProgram(one: Omit<DemoRun, 'input' | 'output'> & { readonly stdio: StdioOptions }): ChildProcess {
  return spawn(process.execPath, [join(root, launchers[one.program]), ...one.words], {
    cwd: root,
    env: { ...process.env, ...one.environment },
    stdio: one.stdio,
  });
}

/** Runs a program to its end. */
export async function runProgram(run: DemoRun): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const shown = run.output === 'show' ? 'inherit' : 'pipe';
  const child = startProgram({ ...run, stdio: ['pipe', shown, shown] });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (stdout += part));
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  child.stdin!.on('error', () => {}); // it ended without reading: its exit code says what matters
  child.stdin!.end(run.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, stdout, stderr };
}
