import { BackupError } from '../base/errors.ts';
import { parseAccountName } from './messages/names.ts';

/** Where to sign in, as whom, and which certificate to expect: `holdfast://NAME@HOST:PORT#SHA256`. */
export interface ConnectionLine {
  readonly name: string;
  /** `https://HOST:PORT` */
  readonly url: string;
  /** SHA-256 of the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
}

const linePattern = /^holdfast:\/\/([^@/#]+)@((?:\[[0-9a-fA-F:.]+\]|[^\s:/@#[\]]+):[0-9]{1,5})\/?#([0-9a-fA-F:]+)$/;
const fingerprintPattern = /^[0-9a-f]{64}$/;

/** Errors: `invalid`. */
export function parseConnectionLine(line: string): ConnectionLine {
  const [, name, host, fingerprint] = linePattern.exec(line.trim()) ?? [];
  if (name === undefined || host === undefined || fingerprint === undefined) {
    throw new BackupError('invalid', 'Not a connection line: holdfast://NAME@HOST:PORT#SHA256 was expected.');
  }
  return {
    name: parseAccountName(decodeName(name), 'The name of the connection line'),
    url: `https://${host}`,
    fingerprint: parseFingerprint(fingerprint),
  };
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (cause) {
    throw new BackupError('invalid', 'The name of the connection line is not percent-encoded UTF-8.', {}, { cause });
  }
}

/** The line that `parseConnectionLine` reads. `host` is HOST:PORT, an IPv6 address in brackets. */
export function formatConnectionLine(line: { readonly name: string; readonly host: string; readonly fingerprint: string }): string {
  return `holdfast://${encodeURIComponent(line.name)}@${line.host}#${line.fingerprint}`;
}

/** A fingerprint as people write it, with or without colons, in either case. Errors: `invalid`. */
export function parseFingerprint(text: string): string {
  const fingerprint = text.replaceAll(':', '').toLowerCase();
  if (!fingerprintPattern.test(fingerprint)) {
    throw new BackupError('invalid', 'Not a fingerprint: the SHA-256 of a certificate has 64 hex digits.');
  }
  return fingerprint;
}
