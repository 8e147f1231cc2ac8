import { joinPath, namesOfPath, rootPath, type BytePath } from '../../engine/core/byteString.ts';
import { listDirectory } from '../../engine/run/scan/listDirectory.ts';
import type { ScanContext } from '../../engine/run/scan/scanTypes.ts';

/** What the watcher can be told to pass over; beyond, it only costs a little more. */
const directoriesMax = 2_000;

/**
 * Directories that the rules leave out, so that nobody watches `node_modules`: only a hint, which the first change of
 * a rule makes stale.
 */
export async function leftOutDirectories(context: ScanContext, { signal }: { readonly signal: AbortSignal }): Promise<readonly BytePath[]> {
  const found: BytePath[] = [];
  const pending: BytePath[] = [rootPath];
  for (let at = pending.pop(); at !== undefined && found.length < directoriesMax; at = pending.pop()) {
    const listed = await listDirectory(context, at, { signal, explain: true });
    if (listed.kind !== 'listed') continue;
    for (const { name, stat } of listed.entries) if (stat.kind === 'directory') pending.push(joinPath(at, name));
    for (const { name } of listed.decisions) {
      const path = joinPath(at, name);
      if (await isDirectory(context, path)) found.push(path);
    }
  }
  return found.slice(0, directoriesMax);
}

async function isDirectory({ files, root }: ScanContext, path: BytePath): Promise<boolean> {
  try {
    return (await files.lstat(files.join(root, ...namesOfPath(path)))).kind === 'directory';
  } catch {
    // Gone meanwhile: nothing to pass over.
    return false;
  }
}
