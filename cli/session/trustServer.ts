import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { connectAccount } from '../../engine/store/accountClient.ts';
import type { Trust } from '../../engine/core/session/session.ts';
import { readServerCertificate, type ServerCertificate } from '../../engine/store/trust.ts';
import type { Call } from '../command.ts';

export interface TrustQuestion {
  readonly url: string;
  /** What the person expects the certificate to be. */
  readonly fingerprint: string | undefined;
  /** A PEM file of the authority that issued it. */
  readonly authorityFile: string | undefined;
}

/**
 * Why this server's certificate is to be believed. An unknown one is shown to the person; without a person it is
 * refused. Errors: `denied` for an unknown or another certificate.
 */
export async function decideTrust({ url, fingerprint, authorityFile }: TrustQuestion, call: Call): Promise<Trust> {
  if (authorityFile !== undefined) return { kind: 'ca', pem: await readPem(resolve(call.surroundings.workingDirectory, authorityFile)) };
  if (url.startsWith('http:')) return { kind: 'system' };
  if (fingerprint === undefined && (await knownToSystem(url, call))) return { kind: 'system' };
  const certificate = await readServerCertificate(url, { signal: call.signal });
  if (fingerprint === undefined) await askAbout(certificate, call);
  else if (certificate.fingerprint !== fingerprint) {
    throw new BackupError(
      'denied',
      `The server shows another certificate (SHA-256 ${certificate.fingerprint}) than you named. Nothing was sent.`,
      { shown: certificate.fingerprint, reason: 'certificate' },
    );
  }
  return { kind: 'pinned', pem: certificate.pem, fingerprint: certificate.fingerprint };
}

async function knownToSystem(url: string, { signal }: Call): Promise<boolean> {
  const client = connectAccount({ url, trust: { kind: 'system' }, token: undefined });
  try {
    await client.health({ signal });
    return true;
  } catch (error) {
    if (isBackupError(error, 'denied') && error.details['reason'] === 'certificate') return false;
    throw error;
  } finally {
    client.close();
  }
}

async function askAbout({ fingerprint, subject, validTo }: ServerCertificate, { surroundings, output, signal }: Call): Promise<void> {
  const { terminal } = surroundings;
  if (!terminal.interactive) {
    throw new BackupError(
      'denied',
      `Nobody vouches for this server's certificate (SHA-256 ${fingerprint}), and there is no terminal to ask at: compare it with what the server printed and name it with --fingerprint, or give its authority with --ca. Nothing was sent.`,
      { shown: fingerprint, reason: 'certificate' },
    );
  }
  output.note(`Nobody this machine knows vouches for the server's certificate:`);
  output.note(`  ${subject.replaceAll('\n', ', ')}, valid until ${validTo}`);
  output.note(`  SHA-256 ${fingerprint}`);
  output.note('The server printed a fingerprint when it was started. Compare the two before you go on.');
  const answer = await terminal.ask('Is it the same? Type yes to trust it: ', { signal });
  if (answer.toLowerCase() !== 'yes') throw new BackupError('denied', 'You did not accept the certificate. Nothing was sent.');
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new BackupError('invalid', `The certificate file ${file} cannot be read.`, {}, { cause });
  }
}
