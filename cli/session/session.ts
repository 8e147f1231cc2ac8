import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeUtf8 } from '../../base/bytes.ts';
import { BackupError, systemCodeOf } from '../../base/errors.ts';
import { writeAtomically } from '../../engine/platform/writeAtomically.ts';
import { parseSession, type Session } from '../../engine/core/session/session.ts';

/** The one thing under the home that is not a cache. */
const fileName = 'session.json';

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
  return parseSession(content);
}

export async function writeSession(home: string, session: Session): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeAtomically(join(home, fileName), encodeUtf8(`${JSON.stringify(session, undefined, 2)}\n`));
}

export async function removeSession(home: string): Promise<void> {
  await rm(join(home, fileName), { force: true });
}
