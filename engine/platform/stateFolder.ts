import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../base/errors.ts';
import type { StateFolder } from '../ports/stateFolder.ts';
import { isTemporaryName, writeAtomically } from './writeAtomically.ts';

/** Opens (and makes, mode 0700) a folder of state, and clears what a crash left unfinished in it. */
export async function openStateFolder(path: string): Promise<StateFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const name of await readdir(path)) {
    if (isTemporaryName(name)) await rm(join(path, name), { force: true });
  }
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(join(path, name)));
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    replace: async (name, bytes) => await writeAtomically(join(path, name), bytes),
    append: async (name, bytes) => await appendFile(join(path, name), bytes, { mode: 0o600 }),
    remove: async (name) => await rm(join(path, name), { force: true }),
    async list() {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.filter((entry) => entry.isFile() && !isTemporaryName(entry.name)).map((entry) => entry.name);
    },
  };
}
