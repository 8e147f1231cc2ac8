import { encodeUtf8, toHex } from '../../../base/bytes.ts';
import { nodeHasher } from '../nodeCrypto.ts';

/** Where the owner of a folder listens. `file`: a socket file, which a crash leaves behind; `named` goes with its process. */
export type OwnerAddress =
  | { readonly kind: 'named'; readonly address: string }
  | { readonly kind: 'file'; readonly address: string; readonly directory: string };

/** What sun_path holds on Linux (108) and macOS (104), with the NUL. */
export const socketPathBytesMax = 103;

/**
 * The address for a key. Linux: an abstract socket; Windows: a named pipe; elsewhere a socket file in a short private
 * folder, because the platform's own temporary folder may be too long for one.
 */
export function ownerAddress(key: string, { platform, userId }: { readonly platform: NodeJS.Platform; readonly userId: number }): OwnerAddress {
  if (platform === 'linux') return { kind: 'named', address: `\0holdfast-${key}` };
  if (platform === 'win32') return { kind: 'named', address: `\\\\.\\pipe\\holdfast-${key}` };
  const directory = `/tmp/holdfast-${userId}`;
  return { kind: 'file', directory, address: `${directory}/${key}.sock` };
}

/** The key of one folder under one state folder: 32 hex digits, of no use to whoever reads it. */
export function ownerKey({ stateFolder, folder }: { readonly stateFolder: string; readonly folder: string }): string {
  return toHex(nodeHasher.sha256(encodeUtf8(JSON.stringify(['owner', stateFolder, folder])))).slice(0, 32);
}
