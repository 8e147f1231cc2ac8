import { AxiosError } from 'axios';
import { BackupError, isBackupError, messageOf, systemCodeOf } from '../../base/errors.ts';
import { pinFaultCode } from './trust.ts';

/** What OpenSSL and Node call a certificate that is not to be trusted. */
const certificateCodes: ReadonlySet<string> = new Set([
  pinFaultCode,
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * What went wrong below HTTP. The HTTP client's own error is dropped, not wrapped: it holds the token and the head of
 * the request.
 */
export function connectionFault(error: unknown, host: string): BackupError {
  // A tunnel that could not be made says so itself; the client wraps it.
  const inner = error instanceof Error ? error.cause : undefined;
  if (isBackupError(inner)) return inner;
  const system = systemCodeOf(error) ?? '';
  if (certificateCodes.has(system)) {
    return new BackupError(
      'denied',
      `The certificate of ${host} is not the one this device trusts (${system}). If the server was set up anew, sign in again with its new fingerprint; otherwise somebody may be in between. Nothing was sent.`,
      { system, reason: 'certificate' },
    );
  }
  if (system === 'ERR_SSL_WRONG_VERSION_NUMBER' || system === 'EPROTO') {
    return new BackupError('unavailable', `${host} does not speak TLS as expected.`, { system });
  }
  // axios has one code for an answer that is too long and one that was cut off; only its text tells them apart.
  if (system === AxiosError.ERR_BAD_RESPONSE && messageOf(error).startsWith('maxContentLength')) {
    return new BackupError('corrupt', `The answer of ${host} is longer than allowed.`, { system });
  }
  return new BackupError('unavailable', `${host} cannot be reached: ${messageOf(error)}`, { system });
}
