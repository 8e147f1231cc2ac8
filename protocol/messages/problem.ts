import { BackupError, errorCodes, type ErrorCode, type ErrorDetails } from '../../base/errors.ts';
import { FieldReader, integer, oneOf, shownText } from './fields.ts';

/** An error as it travels: RFC 9457, `application/problem+json`. Callers branch on `code`. */
export interface Problem {
  /** `urn:holdfast:problem:<code>`, or `…:<code>:<reason>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  /** A sentence for people; never a secret. */
  readonly detail: string;
  readonly details: ErrorDetails;
}

const titles: Readonly<Record<ErrorCode, string>> = {
  invalid: 'The request is malformed',
  'not-found': 'There is no such thing',
  conflict: 'Somebody else changed it first',
  corrupt: 'Bytes do not match their checksum or id',
  denied: 'Not signed in, or not allowed',
  limit: 'A bound was reached',
  unavailable: 'Not available now',
  cancelled: 'Stopped',
};

const statuses: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  corrupt: 422,
  denied: 401,
  limit: 413,
  unavailable: 503,
  cancelled: 499,
};

/** `details.reason` refines the status, never the code. */
const statusByReason: ReadonlyMap<unknown, number> = new Map([
  ['forbidden', 403],
  ['method', 405],
  ['slow', 408],
  ['length-required', 411],
  ['media-type', 415],
  ['missing', 422],
  ['rate', 429],
  ['quota', 507],
  ['disk-full', 507],
]);

/** The one place where an error becomes an HTTP status. */
export function statusOf({ code, details }: Pick<BackupError, 'code' | 'details'>): number {
  return statusByReason.get(details.reason) ?? statuses[code];
}

/** The code of an answer that carries no problem document: some proxy's, or no Holdfast server's. */
export function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403 || status === 407) return 'denied';
  if (status === 404 || status === 410) return 'not-found';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 413 || status === 507) return 'limit';
  if (status === 408 || status === 425 || status === 429 || status >= 500) return 'unavailable';
  return 'invalid';
}

export function problemOf(error: BackupError): Problem {
  const { code, message, details } = error;
  const type = `urn:holdfast:problem:${code}${typeof details.reason === 'string' ? `:${details.reason}` : ''}`;
  return { type, title: titles[code], status: statusOf(error), code, detail: message, details };
}

const detailTextBytesMax = 4096;
const detailsMax = 32;

/** The error that a problem document tells of. Errors: `invalid` when it is none. */
export function parseProblem(value: unknown): BackupError {
  const fields = new FieldReader(value, 'the problem document');
  fields.required('status', integer({ min: 400, max: 599 }));
  return new BackupError(
    fields.required('code', oneOf(errorCodes)),
    fields.required('detail', shownText(detailTextBytesMax)),
    fields.optional('details', parseDetails) ?? {},
  );
}

function parseDetails(value: unknown, what: string): ErrorDetails {
  if (typeof value !== 'object' || value === null) throw new BackupError('invalid', `${what} is not an object.`);
  const details: Record<string, string | number> = {};
  for (const [name, detail] of Object.entries(value).slice(0, detailsMax)) {
    if (typeof detail === 'number') details[name] = detail;
    else details[name] = shownText(detailTextBytesMax)(detail, what);
  }
  return details;
}
