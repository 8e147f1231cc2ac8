import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { BackupError, systemCodeOf } from '../../base/errors.ts';
import { toHex } from '../../base/bytes.ts';
import { breakStale, claimAddress } from './owner/claimAddress.ts';
import { ownerAddress, type OwnerAddress } from './owner/ownerAddress.ts';
import { connectOwner, type OwnerClient } from './owner/ownerClient.ts';
import { OwnerConnections, type Serve } from './owner/ownerServer.ts';
import { systemRandom } from './random.ts';

const attemptsMax = 40;
const attemptPauseMs = 25;
const secretBytes = 32;

export interface OwnFolderOptions {
  /** Of `ownerKey`. */
  readonly key: string;
  /** Of `folderSecret`. */
  readonly secret: Uint8Array;
  /** Answers the requests of other processes, if this one becomes the owner. */
  readonly serve: Serve;
  readonly signal: AbortSignal;
  /** Where to listen; for tests. */
  readonly place?: OwnerAddress;
}

export interface Owner {
  readonly kind: 'owner';
  /** Gives the folder up; requests under way are aborted. */
  close(): Promise<void>;
}

/**
 * Makes this process the owner of a folder, or connects it to the one that is. Ownership ends with the process,
 * however that ends. Errors: `denied` when a stranger holds the address, `unavailable` when the owner is stuck.
 */
export async function ownFolder({ key, secret, serve, signal, place }: OwnFolderOptions): Promise<Owner | OwnerClient> {
  const at = place ?? ownerAddress(key, { platform: process.platform, userId: process.getuid?.() ?? 0 });
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    signal.throwIfAborted();
    const connections = new OwnerConnections({ secret, serve });
    const claim = await claimAddress(at, connections.take);
    if (claim !== undefined) {
      const close = async (): Promise<void> => {
        await claim.release();
        await connections.close(claim.server);
      };
      return { kind: 'owner', close };
    }
    const client = await connectOwner(at.address, secret);
    if (client !== undefined) return client;
    await breakStale(at);
    await setTimeout(attemptPauseMs * Math.random());
  }
  throw new BackupError('unavailable', 'Another Holdfast process owns this folder and cannot be reached.');
}

/** The secret by which our own processes know each other: a file of mode 0600, made by whoever comes first. */
export async function folderSecret(path: string): Promise<Uint8Array> {
  for (let attempt = 0; ; attempt++) {
    try {
      const secret = new Uint8Array(await readFile(path));
      if (secret.length === secretBytes) return secret;
      throw new BackupError('corrupt', 'The secret of the state folder is damaged; remove the file to have a new one made.', { path });
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT' || attempt > 0) throw error;
    }
    const temporary = `${path}.${toHex(systemRandom.bytes(8))}`;
    try {
      await writeFile(temporary, systemRandom.bytes(secretBytes), { mode: 0o600, flag: 'wx' });
      await link(temporary, path); // Whole or not at all, and never over another's.
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }
}
