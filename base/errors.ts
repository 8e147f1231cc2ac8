/**
 * The closed set of reasons for which an operation can fail. Callers branch on the code, never on text.
 *
 * - `invalid`: the input is malformed; sending it again changes nothing.
 * - `not-found`: what was named does not exist (or belongs to another account).
 * - `conflict`: somebody else changed it first; read again, then decide.
 * - `corrupt`: stored or received bytes do not match their checksum or id.
 * - `denied`: not signed in, revoked, or not allowed.
 * - `limit`: a bound was reached (quota, size, disk full, too many requests).
 * - `unavailable`: the other side cannot be reached now; the only code that is retried.
 * - `cancelled`: the person stopped it.
 */
export type ErrorCode = (typeof errorCodes)[number];

export const errorCodes = [
  'invalid',
  'not-found',
  'conflict',
  'corrupt',
  'denied',
  'limit',
  'unavailable',
  'cancelled',
] as const;

export type ErrorDetails = Readonly<Record<string, string | number>>;

/** The one error class that crosses a layer. `details` never holds secrets or file contents. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** Whether `error` is a BackupError, of that code when one is named. */
export function isBackupError(error: unknown, code?: ErrorCode): error is BackupError {
  return error instanceof BackupError && (code === undefined || error.code === code);
}

/** A broken invariant is a bug: stop this operation, write nothing more. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${message}`);
}

/** The message of anything thrown, for logs and causes. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOENT`, `ECONNREFUSED`, …), or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
