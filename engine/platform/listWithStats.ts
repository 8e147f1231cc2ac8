import { lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { systemCodeOf } from '../../base/errors.ts';
import type { ByteName } from '../core/byteString.ts';
import type { AbsolutePath, ListedName } from '../ports/files.ts';
import { nativePath } from './nativePath.ts';
import { fileStatOf } from './nodeStat.ts';

/** Names looked at between two turns of the event loop: about 10 ms. */
const namesPerTurn = 2_000;

/**
 * Names of a directory with their stats. The stats are read synchronously, a batch per turn: measured three times as
 * fast as one promise per name (bench-anchors: 300,000 files/s), and no turn lasts long.
 */
export async function listWithStats(
  path: AbsolutePath,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly ListedName[]> {
  signal.throwIfAborted();
  const names = (await readdir(nativePath(path), { encoding: 'latin1' })) as ByteName[];
  const prefix = path.endsWith('/') ? path : `${path}/`;
  const listed: ListedName[] = [];
  for (let i = 0; i < names.length; i++) {
    if (i > 0 && i % namesPerTurn === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const one = statOf(prefix, names[i]!);
    if (one !== undefined) listed.push(one);
  }
  return listed;
}

function statOf(prefix: string, name: ByteName): ListedName | undefined {
  try {
    const stats = lstatSync(nativePath(prefix + name), { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : { name, stat: fileStatOf(stats) };
  } catch (error) {
    return { name, stat: undefined, code: systemCodeOf(error) ?? 'EUNKNOWN' };
  }
}
