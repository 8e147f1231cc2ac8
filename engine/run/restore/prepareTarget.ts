import { toHex } from '../../../base/bytes.ts';
import { BackupError, messageOf, systemCodeOf } from '../../../base/errors.ts';
import type { ByteName } from '../../core/byteString.ts';
import { rootPath } from '../../core/byteString.ts';
import { ownSiblingName } from '../../core/ignore/ownNames.ts';
import type { TargetRules } from '../../core/restore/targetNames.ts';
import type { AbsolutePath, Files } from '../../ports/files.ts';
import type { Random } from '../../ports/primitives.ts';
import type { TargetFolder } from './targetFolder.ts';
import { unlessAbsent } from './targetFolder.ts';

/** What a try on the disk showed. */
export interface TargetTraits {
  readonly rules: TargetRules;
  /** Permission bits that the system takes from new files. */
  readonly umask: number;
}

/** Names for staged siblings: no two alike. */
export function siblingNames(random: Random): (kind?: 'tmp' | 'aside') => ByteName {
  const restore = toHex(random.bytes(4));
  let n = 0;
  return (kind = 'tmp') => ownSiblingName(`${restore}${(n++).toString(16).padStart(8, '0')}`, kind) as ByteName;
}

/** The same each time, so that one left by a crash is found again. */
export const probeName = ownSiblingName('0'.repeat(16), 'tmp') as ByteName;

/** Makes a folder and those above it, as far as they are not there. Errors: `invalid` when that cannot be. */
export async function ensureFolder(files: Files, path: AbsolutePath): Promise<void> {
  const missing: AbsolutePath[] = [];
  for (let at = path; !(await makeFolder(files, at)); at = folderAbove(at)) missing.push(at);
  for (let next = missing.pop(); next !== undefined; next = missing.pop()) await makeFolder(files, next);
}

/** Whether it is there now; false when the folder above is missing. */
async function makeFolder(files: Files, path: AbsolutePath): Promise<boolean> {
  try {
    await files.makeDirectory(path, 0o777);
    return true;
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === 'EEXIST') return true; // Whether it is a folder shows when it is opened.
    if (code === 'ENOENT' && folderAbove(path) !== path) return false;
    throw new BackupError('invalid', `The folder to restore to cannot be made: ${messageOf(cause)}`, { code: code ?? '' }, { cause });
  }
}

function folderAbove(path: AbsolutePath): AbsolutePath {
  const slash = path.replace(/\/+$/, '').lastIndexOf('/');
  return (slash <= 0 ? '/' : path.slice(0, slash)) as AbsolutePath;
}

/** Makes a file and takes it away again, to see how the disk treats names and modes. */
export async function probeTarget(
  target: TargetFolder,
  { windows, name }: { readonly windows: boolean; readonly name: ByteName },
): Promise<TargetTraits> {
  const { files } = target;
  return await target.use(rootPath, async (directory) => {
    const path = files.join(directory, name);
    await unlessAbsent(files.removeFile(path));
    const file = await files.create(path, 0o777);
    try {
      await file.close();
      const { mode } = await files.lstat(path);
      const shouted = await unlessAbsent(files.lstat(files.join(directory, name.toUpperCase() as ByteName)));
      return { rules: { windows, caseInsensitive: shouted !== undefined }, umask: mode === undefined ? 0 : 0o777 & ~mode };
    } finally {
      await files.removeFile(path);
    }
  });
}
