import type { BytePath } from '../../core/byteString.ts';
import { joinPath } from '../../core/byteString.ts';
import { unlessAbsent } from './targetFolder.ts';
import type { TargetFolder } from './targetFolder.ts';

/** Removes a file, a link, or a directory with all that is in it; nothing when it is not there. Links are not followed. */
export async function removeTree(path: BytePath, { target, signal }: { readonly target: TargetFolder; readonly signal: AbortSignal }): Promise<void> {
  const stat = await target.stat(path);
  if (stat === undefined) return;
  if (stat.kind !== 'directory') {
    await target.at(path, async (absolute) => await unlessAbsent(target.files.removeFile(absolute)));
    return;
  }
  const directories = [path];
  for (const directory of directories) { // It grows while it is walked: parents before what is in them.
    signal.throwIfAborted();
    await target.at(directory, async (absolute) => await target.files.setMode(absolute, 0o700));
    for (const { name, kind } of await target.list(directory, { signal })) {
      if (kind === 'directory') directories.push(joinPath(directory, name));
      else await target.use(directory, async (held) => await unlessAbsent(target.files.removeFile(target.files.join(held, name))));
    }
  }
  for (const directory of directories.reverse()) {
    await target.at(directory, async (absolute) => await unlessAbsent(target.files.removeDirectory(absolute)));
  }
}
