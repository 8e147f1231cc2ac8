import { BackupError } from '../../base/errors.ts';
import type { Trust } from '../../engine/store/trust.ts';
import { parseAccountId, parseDeviceId, type AccountId, type DeviceId } from '../../protocol/ids.ts';
import { oneOf, parseFields, text, type Parse } from '../../protocol/messages/fields.ts';

const textBytesMax = 4_096;
const pemBytesMax = 256 * 1024;

/** Who is signed in where. Holds the token: it is kept in the editor's secret storage and in memory, nowhere else. */
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
    throw new BackupError('corrupt', 'The stored sign-in is damaged.', {}, { cause });
  }
}

/** The server's name as people know it: `HOST:PORT`. */
export function serverName({ url }: Pick<Session, 'url'>): string {
  return url.replace(/^https?:\/\//, '');
}

const parseTrust: Parse<Trust> = (value, what) =>
  parseFields(value, { what, unknown: 'ignore' }, (fields) => {
    const kind = fields.required('kind', oneOf(['system', 'ca', 'pinned']));
    if (kind === 'system') return { kind };
    const pem = fields.required('pem', text(pemBytesMax));
    return kind === 'ca' ? { kind, pem } : { kind, pem, fingerprint: fields.required('fingerprint', text(textBytesMax)) };
  });
