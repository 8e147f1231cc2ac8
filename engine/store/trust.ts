import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import { createHash, X509Certificate } from 'node:crypto';
import { BackupError, messageOf, systemCodeOf } from '../../base/errors.ts';
import type { Trust } from '../core/session/session.ts';
import type { CallOptions } from '../ports/repository.ts';
import { openTunnel, parseProxy } from './proxyTunnel.ts';

export interface ServerCertificate {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  readonly pem: string;
  readonly subject: string;
  /** As the certificate writes them. */
  readonly validFrom: string;
  readonly validTo: string;
}

/** A server's base URL, checked. Errors: `invalid`. */
export function parseServerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new BackupError('invalid', 'Not the address of a server: https://HOST:PORT was expected.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/') {
    throw new BackupError('invalid', 'The address of a server is https://HOST:PORT and nothing more.');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new BackupError('invalid', 'Plain HTTP is allowed on this machine itself only: use https://.');
  }
  return url;
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(hostname);
}

/** What the TLS connection is made with. Verification is never switched off. */
export function tlsOptions(trust: Trust): ConnectionOptions {
  switch (trust.kind) {
    case 'system':
      return {};
    case 'ca':
      return { ca: [trust.pem] };
    case 'pinned':
      return {
        ca: [trust.pem],
        // The pinned certificate may have been issued by somebody: it is the end of the chain all the same.
        allowPartialTrustChain: true,
        checkServerIdentity: (_host, certificate) => pinFault(certificate, trust.fingerprint),
      };
    default:
      return trust satisfies never;
  }
}

/** Code of the error that a certificate other than the pinned one causes. */
export const pinFaultCode = 'HOLDFAST_OTHER_CERTIFICATE';

function pinFault(certificate: PeerCertificate, fingerprint: string): Error | undefined {
  if (fingerprintOf(certificate.raw) === fingerprint) return undefined;
  return Object.assign(new Error('The certificate is not the pinned one.'), { code: pinFaultCode });
}

export function fingerprintOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/**
 * Asks a server for its certificate, for trust on first use: shakes hands and hangs up, no HTTP is sent. This is the
 * one place that verifies nothing, because what it reads is what a person or a fingerprint is to decide about.
 * Errors: `unavailable`, `invalid` when there is no TLS.
 */
export async function readServerCertificate(url: string, { signal, proxy }: CallOptions & { readonly proxy?: string | undefined }): Promise<ServerCertificate> {
  const { protocol, hostname, port } = parseServerUrl(url);
  if (protocol !== 'https:') throw new BackupError('invalid', 'A server on plain HTTP has no certificate.');
  const host = hostname.replace(/^\[|\]$/g, '');
  const tunnel = proxy === undefined ? undefined : await openTunnel(parseProxy(proxy), `${hostname}:${port === '' ? 443 : port}`);
  const der = await shakeHands({ host, port: port === '' ? 443 : Number(port), tunnel, signal });
  const certificate = new X509Certificate(der);
  return {
    fingerprint: fingerprintOf(der),
    pem: certificate.toString(),
    subject: certificate.subject,
    validFrom: certificate.validFrom,
    validTo: certificate.validTo,
  };
}

const handshakeMsMax = 10_000;

interface Handshake extends CallOptions {
  readonly host: string;
  readonly port: number;
  /** A connection to it that stands already. */
  readonly tunnel: Socket | undefined;
}

function shakeHands({ host, port, tunnel, signal }: Handshake): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const tcp = tunnel ?? connectTcp({ host, port, timeout: handshakeMsMax });
    const socket = connectTls({ socket: tcp, servername: /^[\d.]+$|:/.test(host) ? '' : host, rejectUnauthorized: false });
    const abort = (): void => void socket.destroy();
    const fail = (error: unknown): void => {
      tcp.destroy();
      socket.destroy();
      reject(signal.aborted ? signal.reason : handshakeFault(error, `${host}:${port}`));
    };
    signal.addEventListener('abort', abort, { once: true });
    tcp.once('timeout', () => tcp.destroy(new Error('It did not answer in time.')));
    tcp.once('error', fail);
    socket.once('error', fail);
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      fail(new Error('It hung up during the handshake.'));
    });
    socket.once('secureConnect', () => {
      const { raw } = socket.getPeerCertificate();
      if (raw === undefined) return fail(new Error('It sent no certificate.'));
      resolve(raw);
      socket.end();
      return tcp.end();
    });
  });
}

function handshakeFault(error: unknown, server: string): BackupError {
  const code = systemCodeOf(error) ?? '';
  if (code.startsWith('ERR_SSL_')) {
    return new BackupError('invalid', `${server} does not speak TLS.`, { system: code });
  }
  return new BackupError('unavailable', `${server} cannot be reached: ${messageOf(error)}`, { system: code });
}
