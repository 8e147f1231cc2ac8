import { parseServerUrl } from '../../engine/store/trust.ts';
import { parseConnectionLine } from '../../protocol/connectionLine.ts';
import { asUsage } from '../arguments.ts';

/** Where to sign in, and as whom. */
export interface LoginAddress {
  /** `https://HOST:PORT` */
  readonly url: string;
  readonly user: string | undefined;
  /** SHA-256 of the server's certificate, 64 hex digits. */
  readonly fingerprint: string | undefined;
}

/** Reads `https://HOST:PORT`, `HOST:PORT`, or the one-line form `holdfast://NAME@HOST:PORT#SHA256`. Errors: UsageError. */
export function parseLoginAddress(text: string): LoginAddress {
  if (text.trim().startsWith('holdfast:')) {
    const { name, url, fingerprint } = asUsage(() => parseConnectionLine(text));
    return { url, user: name, fingerprint };
  }
  const url = asUsage(() => parseServerUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`));
  return { url: url.origin, user: undefined, fingerprint: undefined };
}
