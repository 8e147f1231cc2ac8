import { readdir } from 'node:fs/promises';
import type { ByteName } from '../core/byteString.ts';
import type { AbsolutePath } from '../ports/files.ts';
import { nativePath } from './nativePath.ts';

/** Names in a deeper directory would not fit into a path that the system takes. */
const pathBytesMax = 4_095 - 256;

/** The directories at and under `root` that cannot be listed: unreadable ones, and those too deep to be named. */
export async function unwatchableUnder(root: AbsolutePath): Promise<readonly AbsolutePath[]> {
  const found: AbsolutePath[] = [];
  const pending = [root];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (path.length > pathBytesMax) {
      found.push(path);
      continue;
    }
    try {
      for (const entry of await readdir(nativePath(path), { encoding: 'latin1', withFileTypes: true })) {
        if (entry.isDirectory()) pending.push(`${path}/${entry.name as ByteName}` as AbsolutePath);
      }
    } catch {
      found.push(path); // That is the answer.
    }
  }
  return found;
}
