import { BackupError } from '../../../base/errors.ts';
import { nameBytesMax } from '../../../protocol/limits.ts';
import type { ByteName } from '../byteString.ts';

/**
 * Accepts what can be one component of a path on some platform: 1 to `nameBytesMax` bytes, not `.` or `..`, no slash
 * and no NUL. What a restore's platform cannot hold is that platform's matter. Errors: `invalid`.
 */
export function checkEntryName(name: string): asserts name is ByteName {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new BackupError('invalid', 'A tree holds a name that is no name.');
  }
  if (name.length > nameBytesMax) throw new BackupError('invalid', `A name of more than ${nameBytesMax} bytes.`);
}
