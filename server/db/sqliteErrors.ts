import { BackupError, messageOf } from '../../base/errors.ts';

/** SQLite's primary result codes that mean something to a caller. */
const sqliteCodes = { busy: 5, locked: 6, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26 } as const;

/** Wraps an error of SQLite; everything else, bugs included, is passed on as it is. */
export function fromSqlite(error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const options = { cause: error };
  switch (code) {
    case sqliteCodes.full:
      return new BackupError('limit', 'The disk of the server is full: nothing was stored.', { reason: 'disk-full' }, options);
    case sqliteCodes.busy:
    case sqliteCodes.locked:
    case sqliteCodes.readOnly:
    case sqliteCodes.ioError:
    case sqliteCodes.cantOpen:
      return new BackupError('unavailable', `The database cannot be used now: ${messageOf(error)}.`, { sqlite: code }, options);
    case sqliteCodes.corrupt:
    case sqliteCodes.notADatabase:
      return new BackupError('corrupt', `The database is damaged: ${messageOf(error)}.`, { sqlite: code }, options);
    default:
      return error;
  }
}

/** Whether another connection holds what was asked for. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code === sqliteCodes.busy || code === sqliteCodes.locked;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
