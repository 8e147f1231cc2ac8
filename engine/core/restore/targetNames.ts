import type { ByteName } from '../byteString.ts';
import { bytesOfByteString } from '../byteString.ts';

/** What names the place that is restored to can hold. */
export interface TargetRules {
  /** Names that Windows gives a meaning of its own are refused. */
  readonly windows: boolean;
  /** `a` and `A` are one file there. */
  readonly caseInsensitive: boolean;
}

/** Why an entry is not restored. */
export type RefusalReason =
  /** Windows would take the name for a device, a stream, or another name. */
  | 'windows-name'
  /** Another name of the same directory differs from it by case only. */
  | 'case-clash'
  /** A socket, pipe or device is in its place, or under it. */
  | 'in-the-way'
  /** Something that must not be replaced is in its place. */
  | 'exists'
  /** What is in its place could not be captured first. */
  | 'uncapturable'
  /** What is in its place cannot be looked at. */
  | 'unreadable'
  /** Its own stored name is that of a temporary file of a restore. */
  | 'own-name';

/** CON, PRN, AUX, NUL, COM1–9, LPT1–9 (also with ¹²³), CONIN$, CONOUT$, alone or before a dot. */
const deviceName = /^(?:con|prn|aux|nul|com[1-9\u00b9\u00b2\u00b3]|lpt[1-9\u00b9\u00b2\u00b3]|conin\$|conout\$) *(?:\.|$)/i;
// eslint-disable-next-line no-control-regex
const windowsForbidden = /[\u0000-\u001f<>:"/\\|?*]/;

/** Whether Windows would not store exactly this name: device names, streams (`:`), a dot or space at the end. */
export function isWindowsReserved(name: ByteName): boolean {
  const text = textOf(name);
  return windowsForbidden.test(text) || deviceName.test(text) || text.endsWith('.') || text.endsWith(' ');
}

/**
 * Names with the same key may be the same file on a disk that ignores case. A superset of what file systems do
 * (full case folding, composition), so that a clash is refused rather than one file written over another.
 */
export function caseKey(name: ByteName): string {
  return textOf(name).normalize('NFKD').toUpperCase().toLowerCase().normalize('NFC');
}

/** The same name where case counts, its case key where it does not. */
export function nameKey(name: ByteName, { caseInsensitive }: TargetRules): string {
  return caseInsensitive ? caseKey(name) : name;
}

function textOf(name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOfByteString(name));
  } catch {
    return name; // Not UTF-8 (or a lone surrogate in WTF-8): compared byte by byte.
  }
}
