import type { ByteName } from '../byteString.ts';
import { byteStringOfText } from '../byteString.ts';

/** What most file systems allow. */
const nameBytesAllowed = 255;

/**
 * The name under which a version that must not be lost is kept beside its place: `notes (kept 2025-01-31 14.05.09).txt`,
 * or with a number from the second attempt on. Too long a name is cut before the extension, between characters.
 * `now` is in ms since the epoch; UTC, so that the same moment always makes the same name.
 */
export function conflictName(name: ByteName, { now, attempt }: { readonly now: number; readonly attempt: number }): ByteName {
  const time = new Date(now).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
  const note = byteStringOfText(` (kept ${time}${attempt > 1 ? ` ${attempt}` : ''})`);
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 && name.length - dot <= 32 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  return `${cut(stem, nameBytesAllowed - note.length - extension.length)}${note}${extension}` as ByteName;
}

/** At most so many bytes, never in the middle of a UTF-8 character. */
function cut(stem: string, bytesMax: number): string {
  if (stem.length <= bytesMax) return stem;
  let end = bytesMax;
  while (end > 0 && (stem.charCodeAt(end) & 0xc0) === 0x80) end -= 1;
  return stem.slice(0, end > 0 ? end : bytesMax);
}
