import { realpath } from 'node:fs/promises';
import { resolve, toNamespacedPath } from 'node:path';
import { BackupError } from '../../base/errors.ts';
import { byteStringOfText, bytesOfByteString } from '../core/byteString.ts';
import type { AbsolutePath } from '../ports/files.ts';
import { textFromWtf8, wtf8FromText } from './wtf8.ts';

const windows = process.platform === 'win32';
// eslint-disable-next-line no-control-regex
const ascii = /^[\u0000-\u007f]*$/;

/** What Node's file calls are given for a path: text where that is exact, else the bytes. */
export type NativePath = string | Buffer;

/** The form of a byte string that Node's file calls take. */
export function nativePath(path: string): NativePath {
  if (windows) return windowsPath(path);
  return ascii.test(path) ? path : Buffer.from(path, 'latin1');
}

/** An absolute path from text of a person or a setting, relative to the working directory. */
export function absolutePath(text: string): AbsolutePath {
  const full = resolve(text);
  const bytes: string = windows ? wtf8FromText(full).replaceAll('\\', '/') : byteStringOfText(full);
  return bytes as AbsolutePath;
}

/** The same folder by its one real name. Errors: `not-found`. */
export async function realAbsolutePath(path: AbsolutePath): Promise<AbsolutePath> {
  try {
    const real = await realpath(nativePath(path), { encoding: 'buffer' });
    const bytes = real.toString('latin1');
    return (windows ? bytes.replaceAll('\\', '/') : bytes) as AbsolutePath;
  } catch (cause) {
    throw new BackupError('not-found', 'The folder cannot be found.', {}, { cause });
  }
}

/** Text of a path for other programs' arguments; exact only when its names are UTF-8. */
export function textOfPath(path: AbsolutePath): string {
  return Buffer.from(bytesOfByteString(path)).toString('utf8');
}

function windowsPath(path: string): NativePath {
  const text = textFromWtf8(path)?.replaceAll('/', '\\');
  if (text === undefined) throw new BackupError('invalid', 'Windows cannot hold a name that is not WTF-8.');
  // Node turns text to UTF-8 and would lose a lone surrogate; libuv takes the bytes as they are.
  return text.isWellFormed() ? text : Buffer.from(wtf8FromText(toNamespacedPath(text)), 'latin1');
}
