import { link, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { BackupError, systemCodeOf } from '../../../base/errors.ts';
import { toHex } from '../../../base/bytes.ts';
import { systemRandom } from '../random.ts';
import { type OwnerAddress, socketPathBytesMax } from './ownerAddress.ts';

/** Time for whoever is just clearing away a dead owner's file to find out that it took a living one's instead. */
const settleMs = 50;

/** A server that listens at the address, and what to do after it is closed. */
export interface Claim {
  readonly server: Server;
  release(): Promise<void>;
}

/** Takes whoever connects; in place before anybody can. */
export type OnConnection = (socket: Socket) => void;

/** Takes the address; undefined when another process has it. Of any number that try at once, one gets it. */
export async function claimAddress(place: OwnerAddress, onConnection: OnConnection): Promise<Claim | undefined> {
  if (place.kind === 'file') return await claimFile(place, onConnection);
  const server = await listen(place.address, onConnection);
  return server && { server, release: async () => {} };
}

/** Removes a socket file on which nobody listens any more: `isStale` was found by connecting. Named ones go by themselves. */
export async function breakStale(place: OwnerAddress): Promise<void> {
  if (place.kind === 'named') return;
  const { address } = place;
  const stale = await inodeOf(address);
  if (stale === undefined) return;
  const aside = `${address}.${toHex(systemRandom.bytes(4))}`;
  try {
    await rename(address, aside);
    // Between looking and renaming a new owner may have come: its file goes back.
    if ((await inodeOf(aside)) !== stale) await link(aside, address);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(systemCodeOf(error) ?? '')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function claimFile({ address, directory }: OwnerAddress & { readonly kind: 'file' }, onConnection: OnConnection): Promise<Claim | undefined> {
  await makePrivate(directory);
  const own = `${address}.${toHex(systemRandom.bytes(4))}`;
  if (Buffer.byteLength(own) > socketPathBytesMax) throw new BackupError('invalid', 'The path of the socket is too long.');
  const server = await listen(own, onConnection);
  if (server === undefined) return undefined;
  try {
    // Listening comes first and the name second: who finds the name can always connect.
    await link(own, address);
  } catch (error) {
    server.close();
    if (systemCodeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
  const inode = await inodeOf(own);
  await rm(own, { force: true });
  await setTimeout(settleMs);
  if ((await inodeOf(address)) !== inode) {
    server.close();
    return undefined;
  }
  return {
    server,
    async release() {
      if ((await inodeOf(address)) === inode) await rm(address, { force: true });
    },
  };
}

async function listen(address: string, onConnection: OnConnection): Promise<Server | undefined> {
  const server = createServer(onConnection);
  return await new Promise((resolve, reject) => {
    server.once('error', (error) => (systemCodeOf(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(address, () => resolve(server));
  });
}

/** Errors: `denied` when the folder is not ours alone: somebody else could take our place in it. */
async function makePrivate(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700, recursive: true });
  const { uid, mode } = await lstat(directory);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) throw new BackupError('denied', 'The folder for sockets belongs to somebody else.', { directory });
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await lstat(path, { bigint: true })).ino;
  } catch {
    return undefined; // Not there any more.
  }
}
