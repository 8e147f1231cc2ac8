import { BackupError, messageOf, type ErrorCode } from '../base/errors.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';

/** What a person reads when a command failed: what happened, what is still safe, what to do next. */
export interface Explanation {
  readonly happened: string;
  readonly safe: string;
  readonly next: string;
}

export function explainError(error: unknown): Explanation {
  if (!(error instanceof BackupError)) {
    return {
      happened: `Something went wrong inside Holdfast: ${messageOf(error)}`,
      safe: 'Everything the server acknowledged before is still there.',
      next: 'Run the command again; if it fails the same way, report it with the log.',
    };
  }
  const { safe, next } = adviceFor[error.code];
  const about = error.details['reason'] === 'certificate' ? certificateAdvice : next;
  return { happened: sentence(error.message), safe, next: about };
}

/** Which exit code a failure gives. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof BackupError)) return exitCodes.failed;
  switch (error.code) {
    case 'unavailable':
      return exitCodes.queued;
    case 'denied':
    case 'conflict':
      return exitCodes.refused;
    case 'invalid':
    case 'not-found':
    case 'corrupt':
    case 'limit':
    case 'cancelled':
      return exitCodes.failed;
  }
}

const certificateAdvice =
  'Compare the fingerprint with what the server printed at its start, then: npx --no holdfast login URL --user NAME --fingerprint SHA256.';

const adviceFor = {
  invalid: {
    safe: 'Nothing was changed, here or on the server.',
    next: 'Correct what was named and run the command again.',
  },
  'not-found': {
    safe: 'Nothing was changed, here or on the server.',
    next: 'See what there is: npx --no holdfast snapshots, npx --no holdfast workspaces.',
  },
  conflict: {
    safe: 'Nothing was overwritten; both states are kept.',
    next: 'Look at what changed in between, then decide and run the command again.',
  },
  corrupt: {
    safe: 'Nothing wrong was written to your folder; your own files are as they were.',
    next: 'Check the whole backup: npx --no holdfast verify --read-data. A push --force sends again what is still here.',
  },
  denied: {
    safe: 'Your files and everything the server acknowledged are as they were.',
    next: 'Sign in again: npx --no holdfast login URL --user NAME.',
  },
  limit: {
    safe: 'Your files and everything the server acknowledged are as they were.',
    next: 'Make room (or ask who runs the server), then run the command again.',
  },
  unavailable: {
    safe: 'Your files, everything the server acknowledged and what waits in the outbox are safe.',
    next: 'Check that the server runs and that you are connected, then run the command again.',
  },
  cancelled: {
    safe: 'Everything the server acknowledged before is still there.',
    next: 'Run the command again whenever you like; it goes on from what was already done.',
  },
} as const satisfies Readonly<Record<ErrorCode, { readonly safe: string; readonly next: string }>>;

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
