import { BackupError } from '../../base/errors.ts';
import type { ServerParts } from '../compose.ts';

/** What a command may touch of the process. */
export interface CommandContext extends ServerParts {
  /** One line on standard output. */
  print(line: string): void;
  /** All of standard input, up to the bound. */
  readInput(bytesMax: number): Promise<string>;
  /** Fires when the process is asked to end. */
  readonly signal: AbortSignal;
}

export interface Command {
  /** How it is called, for `--help` and after a mistake. */
  readonly usage: string;
  /** Answers the exit code. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

/** A mistake in how a command was called: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 5 } as const;

/** The value of an option that must be given. */
export function needed(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new UsageError(`${option} is missing.`);
  return value;
}

/** Runs a parser over an argument: what it finds `invalid` is a mistake in the call. */
export function argument<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof BackupError && error.code === 'invalid') throw new UsageError(error.message);
    throw error;
  }
}
