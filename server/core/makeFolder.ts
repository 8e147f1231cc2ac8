import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { syncFolder } from '../../engine/platform/writeAtomically.ts';

/**
 * Makes a folder, and those above it where they are missing, for the owner alone. Their names are durable when it
 * resolves: without them, what is flushed inside could vanish with its folder.
 */
export async function makeFolder(path: string): Promise<void> {
  const absolute = resolve(path);
  const first = await mkdir(absolute, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = absolute; ; at = dirname(at)) {
    await syncFolder(dirname(at));
    if (at === resolve(first) || at === dirname(at)) return;
  }
}
