import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { assert, BackupError, systemCodeOf } from '../../base/errors.ts';
import { syncFolder, writeAtomically } from '../../engine/platform/writeAtomically.ts';
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
  const folder = join(dataDirectory, 'tls');
  const kept = await readKept(folder);
  if (kept !== undefined) return kept;
  const names = new Set(['localhost', '127.0.0.1', '::1', hostname(), listenHost].filter(isCertifiable));
  await keepNew(folder, await makeCertificate({ names: [...names], now: clock.now() }));
  const now = await readKept(folder); // which may be what another process made at the same time
  assert(now !== undefined, 'a certificate that was made is there');
  return now;
}

const fileNames = { cert: 'cert.pem', key: 'key.pem' } as const;

/** Undefined when there is neither. Errors: `not-found` when only one of both is there. */
async function readKept(folder: string): Promise<ServerIdentity | undefined> {
  const files = { cert: join(folder, fileNames.cert), key: join(folder, fileNames.key) };
  const [cert, key] = await Promise.all([readIfThere(files.cert), readIfThere(files.key)]);
  if (cert !== undefined && key !== undefined) return identityOf({ cert, key });
  if (cert === undefined && key === undefined) return undefined;
  const [gone, left] = cert === undefined ? [files.cert, files.key] : [files.key, files.cert];
  throw new BackupError('not-found', `Half of the server's certificate is gone: ${gone}. Put it back, or delete ${left} to make both anew; every device must then sign in again with the new fingerprint.`);
}

/** Key and certificate appear together or not at all; what another process made first stays. */
async function keepNew(folder: string, { cert, key }: { readonly cert: string; readonly key: string }): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const staged = await mkdtemp(`${folder}-`); // of mode 0700
  try {
    await writeAtomically(join(staged, fileNames.key), Buffer.from(key));
    await writeAtomically(join(staged, fileNames.cert), Buffer.from(cert), { mode: 0o644 });
    await rename(staged, folder); // over an empty folder too; refused when there is anything in it
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    if (!['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(systemCodeOf(error) ?? '')) throw error;
  }
  await syncFolder(dirname(folder));
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
