import { BackupError } from '../../../base/errors.ts';
import { parseAccountId, parseDeviceId, type AccountId, type DeviceId } from '../../../protocol/ids.ts';
import { oneOf, parseFields, text, type Parse } from '../../../protocol/messages/fields.ts';

const textBytesMax = 4_096;
const pemBytesMax = 256 * 1024;

/** Why a server's certificate is believed. */
export type Trust =
  /** It was issued by an authority that this machine trusts. */
  | { readonly kind: 'system' }
  /** It was issued by the authority (or is one of the certificates) in this PEM. */
  | { readonly kind: 'ca'; readonly pem: string }
  /** It is exactly this one, whatever its names say. `fingerprint`: SHA-256 of the DER, lower-case hex. */
  | { readonly kind: 'pinned'; readonly pem: string; readonly fingerprint: string };

/** Who is signed in where. It holds the token: whoever keeps it keeps it secret. */
export interface Session {
  readonly url: string;
  readonly user: string;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly deviceName: string;
  readonly token: string;
  readonly trust: Trust;
}

/** Errors: `corrupt` when it is nothing that this version wrote. */
export function parseSession(json: string): Session {
  const anyText = text(textBytesMax);
  try {
    return parseFields(JSON.parse(json), { what: 'the session', unknown: 'ignore' }, (fields) => ({
      url: fields.required('url', anyText),
      user: fields.required('user', anyText),
      account: fields.required('account', parseAccountId),
      device: fields.required('device', parseDeviceId),
      deviceName: fields.required('deviceName', anyText),
      token: fields.required('token', anyText),
      trust: fields.required('trust', parseTrust),
    }));
  } catch (cause) {
    throw new BackupError('corrupt', 'The stored sign-in is damaged: sign in again.', {}, { cause });
  }
}

const parseTrust: Parse<Trust> = (value, what) =>
  parseFields(value, { what, unknown: 'ignore' }, (fields) => {
    const kind = fields.required('kind', oneOf(['system', 'ca', 'pinned']));
    if (kind === 'system') return { kind };
    const pem = fields.required('pem', text(pemBytesMax));
    return kind === 'ca' ? { kind, pem } : { kind, pem, fingerprint: fields.required('fingerprint', text(textBytesMax)) };
  });
