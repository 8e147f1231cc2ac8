import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface ToolRun {
  /** A JavaScript or TypeScript file, from the root of the project, and its arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The tool and all it started are killed after this long. */
  readonly limitMs?: number;
}

/** Runs a program on this Node, its output going to ours, and answers its exit code. A signal to us ends it too. */
export async function runTool({ args, env = {}, limitMs }: ToolRun): Promise<number> {
  // A group of its own, so that what it leaves running can be killed with it; Windows has no such thing.
  const grouped = process.platform !== 'win32';
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    detached: grouped,
  });
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (grouped && child.pid !== undefined) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch {
      // It has ended already.
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, kill);
  const timer = limitMs === undefined ? undefined : setTimeout(() => {
    console.error(`Stopped after ${limitMs / 60_000} minutes: ${args.join(' ')}`);
    kill('SIGKILL');
  }, limitMs);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
  clearTimeout(timer);
  for (const signal of signals) process.off(signal, kill);
  return code;
}
