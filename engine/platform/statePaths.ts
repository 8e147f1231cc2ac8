import { posix, win32 } from 'node:path';
import { encodeUtf8, toHex } from '../../base/bytes.ts';
import type { AbsolutePath } from '../ports/files.ts';
import { nodeHasher } from './nodeCrypto.ts';

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where the client keeps its state: `$HOLDFAST_HOME`, else the platform's place for local state. */
export function stateHome({ platform, home, environment }: Surroundings): string {
  const own = environment['HOLDFAST_HOME'];
  if (own) return own;
  if (platform === 'win32') return win32.join(environment['LOCALAPPDATA'] || win32.join(home, 'AppData', 'Local'), 'Holdfast');
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Holdfast');
  // A relative XDG path is invalid and to be ignored (XDG Base Directory Specification).
  const xdg = environment['XDG_STATE_HOME'];
  return posix.join(xdg && posix.isAbsolute(xdg) ? xdg : posix.join(home, '.local', 'state'), 'holdfast');
}

export interface BackedUpFolder {
  readonly url: string;
  readonly account: string;
  /** The real path, links resolved. */
  readonly folder: AbsolutePath;
}

/** The name under `folders/` for the state of one folder backed up to one account: 32 hex digits. */
export function folderKey({ url, account, folder }: BackedUpFolder): string {
  return toHex(nodeHasher.sha256(encodeUtf8(JSON.stringify(['folder', url, account, folder])))).slice(0, 32);
}
