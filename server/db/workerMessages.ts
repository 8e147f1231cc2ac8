import { BackupError, messageOf } from '../../base/errors.ts';
import type { ErrorCode, ErrorDetails } from '../../base/errors.ts';
import type { ReadName, WriteOutcome, WriteRequest } from '../core/metadata.ts';

/** What a database worker is started with. */
export interface WorkerSetup {
  readonly role: 'writer' | 'reader';
  readonly file: string;
}

export type WorkerCall =
  | { readonly id: number; readonly kind: 'batch'; readonly requests: readonly WriteRequest[] }
  | { readonly id: number; readonly kind: 'read'; readonly name: ReadName; readonly query: readonly unknown[] }
  | { readonly id: number; readonly kind: 'close' };

export type WorkerReply =
  | { readonly id: number; readonly kind: 'done'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly error: PlainError };

/** An error that survives the way between threads. */
export type PlainError =
  | { readonly kind: 'backup'; readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string | undefined };

export function plainError(error: unknown): PlainError {
  if (error instanceof BackupError) return { kind: 'backup', code: error.code, message: error.message, details: error.details };
  return { kind: 'other', message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
}

export function errorFromPlain(error: PlainError): Error {
  if (error.kind === 'backup') return new BackupError(error.code, error.message, error.details);
  const made = new Error(error.message);
  if (error.stack !== undefined) made.stack = error.stack;
  return made;
}

export function plainOutcome(outcome: WriteOutcome): WriteOutcome {
  return outcome.kind === 'done' ? outcome : { kind: 'refused', error: plainError(outcome.error) };
}

export function outcomeFromPlain(outcome: WriteOutcome): WriteOutcome {
  return outcome.kind === 'done' ? outcome : { kind: 'refused', error: errorFromPlain(outcome.error as PlainError) };
}
