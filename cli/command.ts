import type { Arguments } from './arguments.ts';
import type { ExitCode } from './exitCodes.ts';
import type { Output } from './output/output.ts';
import type { Surroundings } from './surroundings.ts';

/** One command of the program: what help shows, what the parser accepts, and what runs. */
export interface Command {
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  readonly operands: readonly Operand[];
  readonly flags: Flags;
  /** Lines under the flags in `--help`. */
  readonly notes?: readonly string[];
  readonly run: (call: Call) => Promise<Outcome>;
}

export interface Operand {
  /** In capitals, as help shows it. */
  readonly name: string;
  readonly required: boolean;
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

export interface Flag {
  readonly kind: 'switch' | 'text' | 'count';
  /** What help shows for the value; none for a switch. */
  readonly value?: string;
  readonly help: string;
}

/** What a command is given. */
export interface Call {
  readonly arguments: Arguments;
  readonly output: Output;
  readonly surroundings: Surroundings;
  /** Aborted by Ctrl-C or a request to end. */
  readonly signal: AbortSignal;
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonDocument = { readonly [key: string]: JsonValue };

/** What a command answers; `main` prints it and turns it into an exit code. */
export interface Outcome {
  /** Printed under `--json`, as one line. */
  readonly document?: JsonDocument;
  /** Printed otherwise. */
  readonly text?: string;
  /** Things left out or not read: exit code 6 under `--strict` when the code would be 0. */
  readonly warnings?: number;
  /** 0 when left out. */
  readonly exitCode?: ExitCode;
}
