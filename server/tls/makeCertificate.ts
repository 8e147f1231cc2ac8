import { isIP } from 'node:net';
import { webcrypto } from 'node:crypto';

const yearMs = 365.25 * 24 * 3_600_000;
/** Devices pin the certificate itself, so its end would only lock everybody out. */
const validYears = 50;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A self-signed EC P-256 certificate for these host names and addresses, and its key; PEM. */
export async function makeCertificate({ names, now }: { readonly names: readonly string[]; readonly now: number }): Promise<{
  readonly cert: string;
  readonly key: string;
}> {
  // Loaded here, since only the first start of a server needs it.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Holdfast server',
    notBefore: new Date(now - yearMs), // for devices whose clock is behind
    notAfter: new Date(now + validYears * yearMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key.replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
  };
}
