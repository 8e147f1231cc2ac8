import { BackupError } from '../../base/errors.ts';
import { escapedByte, printable } from '../../base/printable.ts';

/**
 * A name or path exactly as on disk: a JavaScript string of which every UTF-16 unit is one byte (0–255). It is a
 * cheap map key, and `<` on it is byte order (`Buffer.compare`). It is not text: `displayName` makes text of it.
 */
declare const byteStringBrand: unique symbol;
export type ByteName = string & { readonly [byteStringBrand]: 'name' };
/** Names joined by `/`, no leading or trailing slash; the workspace's root is the empty path. */
export type BytePath = string & { readonly [byteStringBrand]: 'name' | 'path' };

export const rootPath = '' as BytePath;

/** The name or path of raw bytes. */
export function byteStringFrom(bytes: Uint8Array): BytePath {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text as BytePath;
}

/** The raw bytes. Errors: `invalid` when `text` is not a byte string. */
export function bytesOfByteString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 255) throw new BackupError('invalid', 'A name holds a unit that is not a byte.');
    bytes[i] = unit;
  }
  return bytes;
}

/** The byte string of text typed by a person: its UTF-8 bytes. */
export function byteStringOfText(text: string): BytePath {
  return byteStringFrom(new TextEncoder().encode(text));
}

/** Text for people: UTF-8 where it is, `\xNN` for bytes that are not or that must not be shown (`printable`). */
export function displayName(name: string): string {
  const bytes = bytesOfByteString(name);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not UTF-8: shown byte by byte; the exact name stays in the tree.
    text = Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : escapedByte(byte))).join('');
  }
  return printable(text);
}

export function joinPath(directory: BytePath, name: ByteName): BytePath {
  return (directory === '' ? name : `${directory}/${name}`) as BytePath;
}

/** The directory that holds `path`; the root's is the root. */
export function parentPath(path: BytePath): BytePath {
  const slash = path.lastIndexOf('/');
  return (slash < 0 ? '' : path.slice(0, slash)) as BytePath;
}

export function nameOfPath(path: BytePath): ByteName {
  return path.slice(path.lastIndexOf('/') + 1) as ByteName;
}

/** The names of a path from the root down; none for the root. */
export function namesOfPath(path: BytePath): readonly ByteName[] {
  return path === '' ? [] : (path.split('/') as ByteName[]);
}

/** Every directory above `path`, nearest first, the root last; none for the root itself. */
export function* ancestorsOf(path: BytePath): Generator<BytePath> {
  for (let at = path; at !== ''; ) {
    at = parentPath(at);
    yield at;
  }
}

/** Whether `path` is `directory` or lies under it. */
export function isWithin(path: BytePath, directory: BytePath): boolean {
  return directory === '' || path === directory || path.startsWith(`${directory}/`);
}
