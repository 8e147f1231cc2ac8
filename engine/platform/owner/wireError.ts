import { BackupError, type ErrorCode, type ErrorDetails, errorCodes, messageOf } from '../../../base/errors.ts';

/** An error as it travels between two of our processes. */
export interface WireError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly details: ErrorDetails;
}

export function encodeError(error: unknown): WireError {
  if (error instanceof BackupError) return { code: error.code, message: error.message, details: error.details };
  return { code: null, message: messageOf(error), details: {} };
}

export function decodeError(value: unknown): Error {
  const { code, message, details } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<keyof WireError, unknown>>;
  const text = typeof message === 'string' ? message : 'The owner of the folder failed.';
  const known = errorCodes.find((each) => each === code);
  return known === undefined ? new Error(text) : new BackupError(known, text, parseDetails(details));
}

function parseDetails(value: unknown): ErrorDetails {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === 'string' || typeof each === 'number'));
}
