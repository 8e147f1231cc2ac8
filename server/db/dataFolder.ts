import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { equalBytes, fromHex, toHex } from '../../base/bytes.ts';
import type { Disposable } from '../../base/disposable.ts';
import { disposable } from '../../base/disposable.ts';
import { BackupError, systemCodeOf } from '../../base/errors.ts';
import { syncFolder } from '../../engine/platform/writeAtomically.ts';
import type { Hasher, Primitives } from '../../engine/ports/primitives.ts';
import type { InstanceId } from '../../protocol/ids.ts';
import { randomIdBytes } from '../../protocol/ids.ts';
import { makeFolder } from '../core/makeFolder.ts';
import { masterKeyBytes } from '../core/ring.ts';
import { openDatabase } from './openDatabase.ts';
import { metaValue, setMetaValue } from './rows.ts';
import { fromSqlite, isBusy } from './sqliteErrors.ts';
import { withSpare } from './spare.ts';
import type { Spare } from './spare.ts';
import { Statements } from './statements.ts';

/** What lies where in a data folder. */
export function dataPaths(dataDirectory: string): DataPaths {
  const at = (name: string): string => join(dataDirectory, name);
  return { database: at('holdfast.sqlite'), volumes: at('volumes'), masterKey: at('master.key'), owner: at('owner.sqlite'), spare: { path: at('spare'), dataDirectory } };
}

export interface DataPaths {
  readonly database: string;
  readonly volumes: string;
  readonly masterKey: string;
  readonly owner: string;
  readonly spare: Spare;
}

export interface DataFolder {
  readonly paths: DataPaths;
  readonly instance: InstanceId;
  readonly masterKey: Uint8Array;
}

/**
 * Makes the folder's database, identity and master key where they are missing, and checks that they belong together.
 * Errors: `not-found` when data is there and its key is not, `corrupt` when the key is another one, `limit` on a disk
 * that is too full for it.
 */
export async function prepareDataFolder(dataDirectory: string, parts: Pick<Primitives, 'hasher' | 'random'>): Promise<DataFolder> {
  const paths = dataPaths(dataDirectory);
  return withSpare(paths.spare, async () => {
    await makeFolder(dataDirectory);
    return prepare(paths, parts);
  });
}

async function prepare(paths: DataPaths, parts: Pick<Primitives, 'hasher' | 'random'>): Promise<DataFolder> {
  const database = await openDatabase(paths.database);
  try {
    const statements = new Statements(database);
    if (metaValue(statements, 'instance') === undefined) await makeIdentity(statements, paths, parts);
    const masterKeyHash = fromHex(metaValue(statements, 'master_key_hash') ?? '');
    const masterKey = await readMasterKey(paths.masterKey, { hasher: parts.hasher, masterKeyHash });
    return { paths, instance: metaValue(statements, 'instance') as InstanceId, masterKey };
  } catch (error) {
    throw fromSqlite(error);
  } finally {
    database.close();
  }
}

/** Whether there is data, and its key with it; makes nothing. */
export async function findDataFolder(dataDirectory: string): Promise<DataPaths> {
  const paths = dataPaths(dataDirectory);
  try {
    await stat(paths.database);
    return paths;
  } catch (cause) {
    throw new BackupError('not-found', `There is no server data in ${dataDirectory}.`, {}, { cause });
  }
}

/** The key is durable before the first row that depends on it. Another process may do the same at the same time. */
async function makeIdentity(statements: Statements, paths: DataPaths, { hasher, random }: Pick<Primitives, 'hasher' | 'random'>): Promise<void> {
  await writeOnce(paths.masterKey, random.bytes(masterKeyBytes));
  const masterKey = await readKeyFile(paths.masterKey);
  statements.database.exec('begin immediate');
  if (metaValue(statements, 'instance') === undefined) {
    setMetaValue(statements, 'instance', toHex(random.bytes(randomIdBytes)));
    setMetaValue(statements, 'master_key_hash', toHex(hasher.sha256(masterKey)));
  }
  statements.database.exec('commit');
}

/** Writes a file of mode 0600 whole or not at all, name and content durable; one that exists stays as it is. */
async function writeOnce(path: string, bytes: Uint8Array): Promise<void> {
  const staged = `${path}.${randomUUID()}`;
  const file = await open(staged, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(staged, path);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(staged, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Errors: `not-found` when it is missing, `corrupt` when it is not the one of this data. */
export async function readMasterKey(
  path: string,
  { hasher, masterKeyHash }: { readonly hasher: Hasher; readonly masterKeyHash: Uint8Array },
): Promise<Uint8Array> {
  const masterKey = await readKeyFile(path);
  if (!equalBytes(hasher.sha256(masterKey), masterKeyHash)) throw wrongKey(path);
  return masterKey;
}

async function readKeyFile(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await readFile(path));
  } catch (cause) {
    const missing = systemCodeOf(cause) === 'ENOENT';
    const message = missing
      ? `The data is here, but its key ${path} is missing. Nothing was changed: put the file back, then start again.`
      : `The key ${path} cannot be read.`;
    throw new BackupError(missing ? 'not-found' : 'unavailable', message, {}, { cause });
  }
  if (bytes.length !== masterKeyBytes || equalBytes(bytes, new Uint8Array(masterKeyBytes))) throw wrongKey(path);
  return bytes;
}

function wrongKey(path: string): BackupError {
  return new BackupError('corrupt', `The key ${path} is not the one that this data was made with. Nothing was changed.`);
}

/**
 * Makes this process the folder's one owner until disposed of, by a lock that the system frees when a process dies,
 * however it dies. Errors: `conflict` when another process has it.
 */
export function ownDataFolder({ owner }: DataPaths): Disposable {
  const lock = new DatabaseSync(owner, { timeout: 0 });
  try {
    // An empty file would be written by the lock itself, which a full disk refuses: then reads could not go on.
    if (lock.prepare('pragma user_version').get()?.['user_version'] === 0) lock.exec('pragma user_version = 1');
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    if (isBusy(cause)) throw new BackupError('conflict', 'Another server is running on this data.', {}, { cause });
    throw fromSqlite(cause);
  }
  return disposable(() => lock.close());
}
