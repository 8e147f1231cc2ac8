import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { BackupError, systemCodeOf } from '../../base/errors.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import { makeCertificate } from './makeCertificate.ts';

export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
}

/** The operator's certificate and key. Errors: `invalid` when they cannot be used, `not-found`. */
export async function readOperatorsCertificate(files: { readonly cert: string; readonly key: string }): Promise<ServerIdentity> {
  return identityOf({ cert: await readText(files.cert), key: await readText(files.key) });
}

/**
 * The certificate that the server made for itself at its first start: devices pin it, so it stays. Kept in
 * `tls/` of the data folder, the key readable by its owner only.
 */
export async function selfMadeCertificate(options: {
  readonly dataDirectory: string;
  readonly listenHost: string;
  readonly clock: Clock;
}): Promise<ServerIdentity> {
  const { dataDirectory, listenHost, clock } = options;
  const files = { cert: join(dataDirectory, 'tls', 'cert.pem'), key: join(dataDirectory, 'tls', 'key.pem') };
  const kept = await Promise.all([readIfThere(files.cert), readIfThere(files.key)]);
  const [cert, key] = kept;
  if (cert !== undefined && key !== undefined) return identityOf({ cert, key });
  if (cert !== undefined) {
    throw new BackupError('not-found', `The key of the server's certificate is gone: ${files.key}. Put it back, or delete ${files.cert} to make both anew; every device must then sign in again with the new fingerprint.`);
  }
  const names = new Set(['localhost', '127.0.0.1', '::1', hostname(), listenHost].filter(isCertifiable));
  const made = await makeCertificate({ names: [...names], now: clock.now() });
  await mkdir(dirname(files.key), { recursive: true, mode: 0o700 });
  await writeNew(files.key, { text: made.key, mode: 0o600 }); // first: a certificate without its key is refused above
  await writeNew(files.cert, { text: made.cert, mode: 0o644 });
  return identityOf(made);
}

/** Other names than these do not fit a certificate, or mean no host; whoever pins it does not need them. */
function isCertifiable(name: string): boolean {
  return isIP(name) === 0 ? /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name) : name !== '0.0.0.0' && name !== '::';
}

function identityOf({ cert, key }: { readonly cert: string; readonly key: string }): ServerIdentity {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      throw new BackupError('invalid', 'The TLS key does not belong to the certificate.');
    }
  } catch (cause) {
    if (cause instanceof BackupError) throw cause;
    throw new BackupError('invalid', 'The TLS certificate or key cannot be read: unencrypted PEM was expected.', {}, { cause });
  }
  return { cert, key, fingerprint: createHash('sha256').update(certificate.raw).digest('hex') };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BackupError('not-found', `Cannot read ${path}.`, { system: systemCodeOf(cause) ?? '' }, { cause });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return undefined;
    throw new BackupError('not-found', `Cannot read ${path}.`, { system: systemCodeOf(cause) ?? '' }, { cause });
  }
}

/** Whole or not at all: a crash at the first start must not leave half a key. */
async function writeNew(path: string, { text, mode }: { readonly text: string; readonly mode: number }): Promise<void> {
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
