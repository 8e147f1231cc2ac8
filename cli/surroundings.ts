import type { Clock, Log, Primitives } from '../engine/ports/primitives.ts';
import type { SafeFiles } from '../engine/ports/safeFiles.ts';

/** What a command may know of the process it runs in; made once in compose.ts, so that tests can make their own. */
export interface Surroundings {
  readonly workingDirectory: string;
  /** Where sessions and local state live. */
  readonly home: string;
  /** This machine's name, for people. */
  readonly hostName: string;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly primitives: Primitives;
  /** The local disk. */
  readonly files: SafeFiles;
  readonly log: Log;
}

/** The person at the keyboard, if there is one. */
export interface Terminal {
  /** Whether questions can be asked. */
  readonly interactive: boolean;
  ask(question: string, options: { readonly signal: AbortSignal }): Promise<string>;
  /** What is typed is not shown. */
  askHidden(question: string, options: { readonly signal: AbortSignal }): Promise<string>;
  /** The first line of what is piped in; for passwords. */
  readLine(options: { readonly signal: AbortSignal }): Promise<string>;
}
