import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isBackupError, systemCodeOf } from '../base/errors.ts';
import { parseFields, text } from '../protocol/messages/fields.ts';

/** Where the server last served, so that `user add` can print a connection line whether it runs or not. */
export interface ServedAt {
  /** HOST:PORT as listened on. */
  readonly address: string;
  /** Null on plain HTTP. */
  readonly fingerprint: string | null;
}

const fileName = 'served-at.json';

export async function writeServedAt(dataDirectory: string, servedAt: ServedAt): Promise<void> {
  const path = join(dataDirectory, fileName);
  await writeFile(`${path}.new`, `${JSON.stringify(servedAt)}\n`);
  await rename(`${path}.new`, path);
}

/** Undefined before the first start. */
export async function readServedAt(dataDirectory: string): Promise<ServedAt | undefined> {
  try {
    return parseServedAt(JSON.parse(await readFile(join(dataDirectory, fileName), 'utf8')));
  } catch (error) {
    // Only a hint: one that a crash tore is as good as none.
    if (systemCodeOf(error) === 'ENOENT' || error instanceof SyntaxError || isBackupError(error, 'invalid')) return undefined;
    throw error;
  }
}

function parseServedAt(value: unknown): ServedAt {
  return parseFields(value, { what: fileName, unknown: 'ignore' }, (fields) => ({
    address: fields.required('address', text(512)),
    fingerprint: fields.optional('fingerprint', text(64)) ?? null,
  }));
}
