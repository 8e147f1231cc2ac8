import type { TreeId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import { joinPath, nameOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import { sameTime } from '../../core/diff/compareEntries.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { TreeEntry } from '../../core/tree/treeTypes.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import { hasContent } from './hasContent.ts';
import type { LocalFile, TargetFolder } from './targetFolder.ts';

export interface CheckParts {
  readonly reader: ObjectReader;
  readonly context: Pick<FormatContext, 'hasher' | 'keys'>;
  readonly root: TreeId;
  readonly target: TargetFolder;
  readonly signal: AbortSignal;
}

/**
 * Which of the paths a snapshot does not hold as they are on the disk now. Whoever made it may have been told to
 * capture them; this looks at what the server got.
 */
export async function checkCaptured(
  paths: ReadonlySet<BytePath>,
  parts: CheckParts,
): Promise<ReadonlySet<BytePath>> {
  const { reader, root, target, signal } = parts;
  const missing = new Set<BytePath>();
  await reader.fetchUnder(root);
  const trees = new Map<BytePath, TreeId | undefined>([[rootPath, root]]);
  // Parents before what is in them, so that each directory is looked up in the one above.
  for (const [directory, inIt] of Map.groupBy([...paths].filter((path) => path !== rootPath).sort(), parentPath)) {
    signal.throwIfAborted();
    const tree = trees.has(directory) ? trees.get(directory) : await treeAt(reader, root, directory);
    const stored = new Map(tree === undefined ? [] : (await reader.readDirectory(tree)).map((entry) => [entry.name, entry]));
    if (!(await target.isDirectory(directory))) continue;
    const local = new Map((await target.list(directory, { signal })).map((each) => [each.name, each]));
    for (const [name, entry] of stored) if (entry.kind === 'directory') trees.set(joinPath(directory, name), entry.tree);
    for (const path of inIt) {
      const there = local.get(nameOfPath(path));
      if (there !== undefined && !(await isHeld(path, { entry: stored.get(nameOfPath(path)), there }, parts))) missing.add(path);
    }
  }
  return missing;
}

async function treeAt(reader: ObjectReader, root: TreeId, directory: BytePath): Promise<TreeId | undefined> {
  const located = await reader.resolvePath(root, directory);
  return located?.kind === 'directory' ? located.tree : undefined;
}

async function isHeld(
  path: BytePath,
  { entry, there }: { readonly entry: TreeEntry | undefined; readonly there: LocalFile },
  parts: CheckParts,
): Promise<boolean> {
  if (entry === undefined || entry.kind !== there.kind) return false;
  if (entry.kind === 'directory') return true;
  if (entry.kind === 'symlink') return entry.target === there.target;
  if (entry.size !== there.size) return false;
  // A change that is only a time may ride along with a later snapshot.
  const { target } = parts;
  return sameTime(entry.mtimeNs, there.mtimeNs) || (await target.at(path, async (absolute) => await hasContent(absolute, entry, { ...parts, files: target.files })));
}
