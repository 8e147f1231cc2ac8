import { BackupError, isBackupError, messageOf, systemCodeOf } from '../../../base/errors.ts';
import type { ErrorCode } from '../../../base/errors.ts';

const codes: Readonly<Record<string, ErrorCode>> = { EACCES: 'denied', EPERM: 'denied', EROFS: 'denied', ENOSPC: 'limit', EDQUOT: 'limit', EMFILE: 'limit' };

/** Runs `work`; an error of the system that ends it becomes one of ours. */
export async function typed<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemCodeOf(error);
    if (isBackupError(error) || code === undefined) throw error;
    throw new BackupError(codes[code] ?? 'invalid', `${what}: ${messageOf(error)}`, { code }, { cause: error });
  }
}
