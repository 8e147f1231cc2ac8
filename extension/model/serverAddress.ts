import { BackupError } from '../../base/errors.ts';
import { parseConnectionLine } from '../../protocol/connectionLine.ts';

/** Where to sign in, and as whom, as far as it was said. */
export interface ServerAddress {
  /** `https://HOST:PORT` */
  readonly url: string;
  readonly user: string | undefined;
  /** SHA-256 of the server's certificate, 64 hex digits. */
  readonly fingerprint: string | undefined;
}

const addressPattern = /^(?:(https?):\/\/)?((?:\[[0-9a-f:.]+\]|[^\s:/@#?[\]]+)(?::[0-9]{1,5})?)\/?$/i;

/** Reads `https://HOST:PORT`, `HOST:PORT`, or the one-line form `holdfast://NAME@HOST:PORT#SHA256`. Errors: `invalid`. */
export function parseServerAddress(text: string): ServerAddress {
  const trimmed = text.trim();
  if (trimmed.startsWith('holdfast:')) {
    const { name, url, fingerprint } = parseConnectionLine(trimmed);
    return { url, user: name, fingerprint };
  }
  const [, scheme = 'https', host] = addressPattern.exec(trimmed) ?? [];
  if (host === undefined) throw new BackupError('invalid', 'Not the address of a server: https://HOST:PORT was expected.');
  const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::|$)/i.test(host);
  if (scheme.toLowerCase() === 'http' && !loopback) throw new BackupError('invalid', 'Plain HTTP is allowed on this machine itself only: use https://.');
  return { url: `${scheme.toLowerCase()}://${host.toLowerCase()}`, user: undefined, fingerprint: undefined };
}

/** As servers print it and people compare it: groups of eight digits. */
export function showFingerprint(fingerprint: string): string {
  return fingerprint.match(/.{1,8}/g)?.join(' ') ?? fingerprint;
}
