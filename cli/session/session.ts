import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeUtf8 } from '../../base/bytes.ts';
import { BackupError, systemCodeOf } from '../../base/errors.ts';
import { writeAtomically } from '../../engine/platform/writeAtomically.ts';
import type { Trust } from '../../engine/store/trust.ts';
import { parseAccountId, parseDeviceId, type AccountId, type DeviceId } from '../../protocol/ids.ts';
import { oneOf, parseFields, text, type FieldReader } from '../../protocol/messages/fields.ts';

const fileName = 'session.json';
const pemBytesMax = 256 * 1024;
const textBytesMax = 4096;

/** Who is signed in where; the one thing under the home that is not a cache. Mode 0600: it holds the token. */
export interface Session {
  readonly url: string;
  readonly user: string;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly deviceName: string;
  readonly token: string;
  readonly trust: Trust;
}

/** Errors: `denied` when nobody is signed in, `corrupt` when the file is damaged. */
export async function readSession(home: string): Promise<Session> {
  const session = await findSession(home);
  if (session !== undefined) return session;
  throw new BackupError('denied', 'You are not signed in to a server.');
}

/** Undefined when nobody is signed in. Errors: `corrupt` when the file is damaged. */
export async function findSession(home: string): Promise<Session | undefined> {
  let content: string;
  try {
    content = await readFile(join(home, fileName), 'utf8');
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return undefined;
    throw new BackupError('denied', 'The session cannot be read.', {}, { cause });
  }
  try {
    return parseFields(JSON.parse(content), { what: 'the session', unknown: 'ignore' }, readFields);
  } catch (cause) {
    throw new BackupError('corrupt', 'The session file is damaged: sign in again.', {}, { cause });
  }
}

export async function writeSession(home: string, session: Session): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeAtomically(join(home, fileName), encodeUtf8(`${JSON.stringify(session, undefined, 2)}\n`));
}

export async function removeSession(home: string): Promise<void> {
  await rm(join(home, fileName), { force: true });
}

function readFields(fields: FieldReader): Session {
  const anyText = text(textBytesMax);
  return {
    url: fields.required('url', anyText),
    user: fields.required('user', anyText),
    account: fields.required('account', parseAccountId),
    device: fields.required('device', parseDeviceId),
    deviceName: fields.required('deviceName', anyText),
    token: fields.required('token', anyText),
    trust: fields.required('trust', parseTrust),
  };
}

function parseTrust(value: unknown, what: string): Trust {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => {
    const kind = fields.required('kind', oneOf(['system', 'ca', 'pinned']));
    if (kind === 'system') return { kind };
    const pem = fields.required('pem', text(pemBytesMax));
    return kind === 'ca' ? { kind, pem } : { kind, pem, fingerprint: fields.required('fingerprint', text(textBytesMax)) };
  });
}
