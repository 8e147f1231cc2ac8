import { parseArgs } from 'node:util';
import { isBackupError, messageOf } from '../base/errors.ts';
import type { Command, Flags } from './command.ts';

/**
 * The person typed something this program does not understand: exit code 2. It never leaves `cli/`, where a
 * `BackupError` would claim that the engine refused.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs a parser over something typed: what it finds `invalid` is the person's mistake, thus a UsageError. */
export function asUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (isBackupError(error, 'invalid')) throw new UsageError(error.message);
    throw error;
  }
}

/** Flags that every command takes. */
export const commonFlags = {
  json: { kind: 'switch', help: 'Print one JSON document (JSON lines for what goes on and on)' },
  workspace: { kind: 'text', value: 'NAME|ID', help: 'The workspace, where it does not follow from the folder' },
  strict: { kind: 'switch', help: 'Exit with 6 instead of 0 when there were warnings' },
  progress: { kind: 'switch', help: 'Show progress even without a terminal (JSON lines on stderr under --json)' },
  help: { kind: 'switch', help: 'Show this help' },
} as const satisfies Flags;

/** What was typed after the command's name, checked against its table. */
export class Arguments {
  readonly operands: readonly string[];
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  constructor(operands: readonly string[], values: Readonly<Record<string, string | boolean | undefined>>) {
    this.operands = operands;
    this.#values = values;
  }

  operand(index: number): string | undefined {
    return this.operands[index];
  }

  has(flag: string): boolean {
    return this.#values[flag] === true;
  }

  text(flag: string): string | undefined {
    const value = this.#values[flag];
    return typeof value === 'string' ? value : undefined;
  }

  /** Errors: UsageError unless it is a whole number from 1. */
  count(flag: string): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new UsageError(`--${flag} needs a whole number from 1, not “${value}”.`);
    return Number(value);
  }
}

/** Errors: UsageError for an unknown flag, a missing value, too few or too many operands. */
export function parseArguments(command: Command, words: readonly string[]): Arguments {
  const flags: Flags = { ...command.flags, ...commonFlags };
  const { values, positionals } = parseWords(flags, words);
  const parsed = new Arguments(positionals, values);
  if (parsed.has('help')) return parsed;
  for (const [name, flag] of Object.entries(flags)) if (flag.kind === 'count') parsed.count(name);
  const missing = command.operands.filter(({ required }) => required)[positionals.length];
  if (missing !== undefined) throw new UsageError(`${missing.name} is missing.`);
  const extra = positionals[command.operands.length];
  if (extra !== undefined) throw new UsageError(`“${extra}” is one too many.`);
  return parsed;
}

function parseWords(
  flags: Flags,
  words: readonly string[],
): { readonly values: Record<string, string | boolean | undefined>; readonly positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { kind }]) => [name, { type: kind === 'switch' ? 'boolean' : 'string' } as const]),
  );
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    // The first sentence says what is wrong; the rest advises about `--`.
    throw new UsageError(messageOf(error).split('. ')[0]!.replace(/\.?$/, '.'));
  }
}
