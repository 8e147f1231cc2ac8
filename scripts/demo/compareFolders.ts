import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { join } from 'node:path';

export interface Comparison {
  /** Files and links of which every byte is equal. */
  readonly same: number;
  /** Paths that differ or are missing in the other folder. */
  readonly different: readonly string[];
}

/** Looks up everything that `folder` holds in `other`. Names go as bytes, so any name will do. */
export async function compareFolders(folder: string, other: string): Promise<Comparison> {
  let same = 0;
  const different: string[] = [];
  const pending: Buffer[] = [Buffer.from('')];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of await readdir(under(folder, at), { withFileTypes: true, encoding: 'buffer' })) {
      const path = at.length === 0 ? entry.name : Buffer.concat([at, Buffer.from('/'), entry.name]);
      if (entry.isDirectory()) pending.push(path);
      else if (await sameThing(under(folder, path), under(other, path))) same += 1;
      else different.push(path.toString());
    }
  }
  return { same, different: different.sort() };
}

function under(folder: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(join(folder, '/')), path]);
}

async function sameThing(one: Buffer, other: Buffer): Promise<boolean> {
  try {
    const [a, b] = [await lstat(one), await lstat(other)];
    if (a.isSymbolicLink()) return b.isSymbolicLink() && (await readlink(one)) === (await readlink(other));
    return b.isFile() && a.size === b.size && (await hashOf(one)) === (await hashOf(other));
  } catch {
    // Missing or unreadable there: different.
    return false;
  }
}

async function hashOf(file: Buffer): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
