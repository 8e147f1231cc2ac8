import { UsageError } from '../arguments.ts';

const fingerprintPattern = /^(?:sha256:)?((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})$/i;
const defaultPort = 8420;

/** Where to sign in, and as whom. */
export interface LoginAddress {
  /** Without a trailing slash. */
  readonly url: string;
  readonly user: string | undefined;
  /** SHA-256 of the server's certificate, 64 hex digits. */
  readonly fingerprint: string | undefined;
}

/** Reads `https://HOST:PORT`, `HOST:PORT`, or the one-line form `holdfast://NAME@HOST:PORT#SHA256`. Errors: UsageError. */
export function parseLoginAddress(text: string): LoginAddress {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const oneLine = full.startsWith('holdfast://');
  let url: URL;
  try {
    // A scheme of its own has no host rules in WHATWG URLs; https has the same shape.
    url = new URL(oneLine ? `https://${full.slice('holdfast://'.length)}` : full);
  } catch {
    throw new UsageError(`“${text}” is not an address: https://HOST:PORT or holdfast://NAME@HOST:PORT#SHA256 was expected.`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new UsageError(`“${url.protocol}//” is not a way to reach a server.`);
  if (url.password !== '') throw new UsageError('A password does not belong in an address: use --password-stdin.');
  if (url.hash !== '' && !oneLine) throw new UsageError('Only a holdfast:// address carries a fingerprint: use --fingerprint.');
  if (oneLine && url.port === '') url.port = String(defaultPort);
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`,
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    fingerprint: url.hash === '' ? undefined : parseFingerprint(decodeURIComponent(url.hash.slice(1))),
  };
}

/** 64 lower-case hex digits of `AA:BB:…`, `sha256:…` or plain hex. Errors: UsageError. */
export function parseFingerprint(text: string): string {
  const digits = fingerprintPattern.exec(text.trim())?.[1];
  if (digits === undefined) throw new UsageError('A fingerprint is 64 hex digits (SHA-256 of the certificate).');
  return digits.replaceAll(':', '').toLowerCase();
}

/** As servers print it and people compare it: groups of eight digits. */
export function showFingerprint(fingerprint: string): string {
  return fingerprint.match(/.{1,8}/g)!.join(' ');
}
