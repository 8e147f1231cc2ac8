import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What a crash leaves of the key, the certificate and `served-at.json` while they are made; each appears by a rename. */
const leftover = /^(?:master\.key\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|tls-[A-Za-z0-9]{6}|served-at\.json\.new)$/;

/** A `user add` of this moment may still be at it. */
const ageMsMin = 60_000;

/** Removes them; answers their names. */
export async function removeLeftovers(dataDirectory: string, { now }: { readonly now: number }): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(dataDirectory)) {
    const path = join(dataDirectory, name);
    if (!leftover.test(name) || (await stat(path)).mtimeMs > now - ageMsMin) continue;
    await rm(path, { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}
