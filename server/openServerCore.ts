import { webcrypto } from 'node:crypto';
import { DisposableStore } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import type { Clock, Log, Primitives } from '../engine/ports/primitives.ts';
import type { AccountId } from '../protocol/ids.ts';
import { FolderDisk } from './blobs/folderDisk.ts';
import type { AccountStore } from './core/accountStore.ts';
import { checkStored } from './core/check.ts';
import type { CheckFinding } from './core/checkTypes.ts';
import { walkClosure } from './core/closure.ts';
import { GroupWriter } from './core/groupWriter.ts';
import { unwrapRing } from './core/ring.ts';
import type { MetadataStore } from './core/metadata.ts';
import type { ServerCore } from './core/serverCore.ts';
import { StoredAccounts } from './core/storedAccounts.ts';
import { StoredServer } from './core/storedServer.ts';
import { findDataFolder, ownDataFolder, prepareDataFolder, readMasterKey } from './db/dataFolder.ts';
import { inlineStore } from './db/inlineStore.ts';
import { openDatabase, openReader } from './db/openDatabase.ts';
import { keepSpare } from './db/spare.ts';
import { threadedStore } from './db/threadedStore.ts';
import { removeLeftovers } from './removeLeftovers.ts';

/** What a data folder is opened with. */
export interface OpenOptions {
  /** Made when missing, with a new master key and instance. */
  readonly dataDirectory: string;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens a data folder as its one owner, making it when it is new. After a crash it works at once.
 * Errors: `conflict` when another process serves this folder; `not-found` when its master.key is gone, `corrupt` when
 * that is another folder's; `invalid` when the data is of a newer version.
 */
export async function openServerCore({ dataDirectory, primitives, clock, log }: OpenOptions): Promise<ServerCore> {
  const { paths, instance, masterKey } = await prepareDataFolder(dataDirectory, primitives);
  const owned = new DisposableStore();
  owned.add(ownDataFolder(paths));
  let opened: MetadataStore | undefined;
  try {
    const leftovers = await removeLeftovers(dataDirectory, { now: clock.now() });
    if (leftovers.length > 0) log.info('leftovers-removed', { count: leftovers.length });
    const disk = await FolderDisk.open(paths.volumes);
    const store = (opened = threadedStore(paths.database));
    const check: StoredServer['check'] = ({ signal }) => checkStored({ store, disk, hasher: primitives.hasher, openRing: ringOpener(masterKey, primitives), signal });
    const server = new StoredServer({ instance, masterKey, store, disk, primitives, digest, clock, log, check });
    const closeServer = server.close.bind(server);
    let closing: Promise<void> | undefined;
    async function close(): Promise<void> {
      await closeServer();
      await store.close();
      await disk.close();
      owned.dispose();
    }
    server.close = () => (closing ??= close());
    await server.cleanUp();
    server.start();
    await keepSpare(paths.spare, primitives.random).catch((error: unknown) => log.warn('no-spare', { error: messageOf(error) }));
    return server;
  } catch (error) {
    await opened?.close(); // its threads would keep the process alive
    owned.dispose();
    throw error;
  }
}

/** Accounts alone, for `user …` beside a running server or without one. Makes the data folder when it is missing. */
export async function openAccountStore({ dataDirectory, primitives, clock, log }: OpenOptions): Promise<AccountStore & { close(): Promise<void> }> {
  const { paths } = await prepareDataFolder(dataDirectory, primitives);
  const database = await openDatabase(paths.database);
  const store = inlineStore(database, walkClosure);
  const writer = new GroupWriter(store);
  const accounts = new StoredAccounts({ store, writer, clock, random: primitives.random, log });
  return Object.assign(accounts, {
    async close(): Promise<void> {
      await writer.idle();
      if (database.isOpen) database.close();
    },
  });
}

/** `check` beside a running server or without one: opens everything read-only. Errors: as `openServerCore`. */
export async function* checkData({ dataDirectory, primitives, signal }: OpenOptions & { readonly signal: AbortSignal }): AsyncGenerator<CheckFinding> {
  const paths = await findDataFolder(dataDirectory);
  const database = openReader(paths.database);
  try {
    const store = inlineStore(database, walkClosure);
    const { masterKeyHash } = await store.read('identity');
    const masterKey = await readMasterKey(paths.masterKey, { hasher: primitives.hasher, masterKeyHash });
    const disk = FolderDisk.reader(paths.volumes);
    yield* checkStored({ store, disk, hasher: primitives.hasher, openRing: ringOpener(masterKey, primitives), signal });
  } finally {
    database.close();
  }
}

function ringOpener(masterKey: Uint8Array, parts: Primitives): (account: AccountId, wrapped: Uint8Array) => void {
  return (account, wrapped) => void unwrapRing(wrapped, { account, masterKey, parts });
}

/** On the thread pool: a pack of 16 MiB would hold up everybody else. */
async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes));
}
