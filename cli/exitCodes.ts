/** The exit codes of `holdfast`: a contract that scripts rely on (docs/cli.md § Exit codes). */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Given by bin/holdfast.mjs before this program is loaded. */
  runtimeTooOld: 3,
  /** Kept in the outbox until the server can be reached, or the server cannot be reached. */
  queued: 4,
  /** Not signed in, not allowed, or refused because going on could do harm. */
  refused: 5,
  /** Done, but something was left out or could not be read; only under `--strict`. */
  warnings: 6,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
