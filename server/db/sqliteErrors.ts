import { BackupError, messageOf } from '../../base/errors.ts';
import { diskFull } from '../core/diskFull.ts';

/** SQLite's primary result codes that mean something to a caller. */
const sqliteCodes = { busy: 5, locked: 6, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26 } as const;

/** Wraps an error of SQLite; everything else, bugs included, is passed on as it is. */
export function fromSqlite(error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const options = { cause: error };
  switch (code) {
    case sqliteCodes.full:
      return diskFull(options);
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

/** Whether SQLite says that it could not write or make a file: so it says of a full disk before it has opened one. */
export function isOutOfRoom(error: unknown): boolean {
  const code = codeOf(error);
  return code === sqliteCodes.full || code === sqliteCodes.ioError || code === sqliteCodes.cantOpen || code === sqliteCodes.readOnly;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
