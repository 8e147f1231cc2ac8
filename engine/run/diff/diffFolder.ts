import type { TreeId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import { joinPath, namesOfPath, rootPath } from '../../core/byteString.ts';
import { sameMode, sameTime } from '../../core/diff/compareEntries.ts';
import type { DifferenceKind } from '../../core/diff/compareEntries.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { SnapshotWarning } from '../../core/snapshot/snapshotTypes.ts';
import type { FileEntry, TreeEntry } from '../../core/tree/treeTypes.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import { hasContent } from '../restore/hasContent.ts';
import { isGoneCode, listDirectory, warningOf } from '../scan/listDirectory.ts';
import type { ListedEntry, ScanContext } from '../scan/scanTypes.ts';
import { systemCodeOf } from '../../../base/errors.ts';

/** How a path of the folder differs from a snapshot. */
export interface FolderDifference {
  readonly path: BytePath;
  readonly kind: DifferenceKind;
  readonly before: TreeEntry | undefined;
  readonly after: ListedEntry | undefined;
}

export interface DiffFolderOptions {
  readonly reader: ObjectReader;
  readonly context: Pick<FormatContext, 'hasher' | 'keys'>;
  readonly root: TreeId;
  readonly scan: ScanContext;
  readonly signal: AbortSignal;
  /** Told of what cannot be looked at: it is in no difference. */
  readonly onWarning: (warning: SnapshotWarning) => void;
}

type Folder = readonly ListedEntry[] | 'unknown';

/**
 * Everything in which a folder, as its rules see it, differs from a snapshot, in order: names by their bytes, a
 * directory before what is in it. Files of equal size are read and compared by their ids, whatever their times say.
 */
export async function* diffFolder(options: DiffFolderOptions): AsyncGenerator<FolderDifference, void> {
  const { reader, root, signal } = options;
  await reader.fetchUnder(root);
  const stack = [{ path: rootPath, pairs: await pairsOf({ path: rootPath, tree: root, listed: true }, options), next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    signal.throwIfAborted();
    const pair: Pair | undefined = top.pairs[top.next++];
    if (pair === undefined) {
      stack.pop();
      continue;
    }
    const { path, before, after } = pair;
    const kind = await compare(pair, options);
    if (kind !== undefined) yield { path, kind, before, after };
    const tree = before?.kind === 'directory' ? before.tree : undefined;
    const listed = after?.stat.kind === 'directory';
    if (tree !== undefined || listed) stack.push({ path, pairs: await pairsOf({ path, tree, listed }, options), next: 0 });
  }
}

interface Pair {
  readonly path: BytePath;
  readonly before: TreeEntry | undefined;
  readonly after: ListedEntry | undefined;
}

/** What a directory holds on both sides; of one that cannot be looked at, nothing. */
async function pairsOf(
  { path, tree, listed }: { readonly path: BytePath; readonly tree: TreeId | undefined; readonly listed: boolean },
  options: DiffFolderOptions,
): Promise<readonly Pair[]> {
  const unknown = new Set<BytePath>();
  const folder = listed ? await listFolder(path, unknown, options) : [];
  if (folder === 'unknown') return [];
  const stored = tree === undefined ? [] : await options.reader.readDirectory(tree);
  const pairs = new Map<BytePath, Pair>();
  for (const before of stored) {
    const at = joinPath(path, before.name);
    if (!unknown.has(at)) pairs.set(at, { path: at, before, after: undefined });
  }
  for (const after of folder) {
    const at = joinPath(path, after.name);
    pairs.set(at, { path: at, before: pairs.get(at)?.before, after });
  }
  return [...pairs.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function listFolder(path: BytePath, unknown: Set<BytePath>, { scan, onWarning, signal }: DiffFolderOptions): Promise<Folder> {
  const listed = await listDirectory(scan, path, { signal });
  if (listed.kind === 'gone') return [];
  for (const warning of listed.kind === 'listed' ? listed.warnings : [listed.warning]) {
    onWarning(warning);
    unknown.add(warning.path);
  }
  return listed.kind === 'listed' ? listed.entries : 'unknown';
}

async function compare({ path, before, after }: Pair, options: DiffFolderOptions): Promise<DifferenceKind | undefined> {
  if (before === undefined) return after === undefined ? undefined : 'add';
  if (after === undefined) return 'delete';
  const { stat, target } = after;
  if (before.kind !== stat.kind) return 'type';
  if (before.kind === 'symlink') return before.target === target ? undefined : 'modify';
  if (before.kind === 'file') {
    const same = before.size === stat.size ? await readSame(path, before, options) : 'different';
    if (same === 'different') return 'modify';
    if (same !== 'same') return same === 'gone' ? 'delete' : undefined;
  }
  return sameMode(before.mode, stat.mode) && (before.kind === 'directory' || sameTime(before.mtimeNs, stat.mtimeNs)) ? undefined : 'meta';
}

async function readSame(path: BytePath, entry: FileEntry, options: DiffFolderOptions): Promise<'same' | 'different' | 'gone' | 'unknown'> {
  const { scan, reader, context, signal, onWarning } = options;
  try {
    const absolute = scan.files.join(scan.root, ...namesOfPath(path));
    return (await hasContent(absolute, entry, { files: scan.files, reader, context, signal })) ? 'same' : 'different';
  } catch (error) {
    signal.throwIfAborted();
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    if (isGoneCode(code)) return 'gone';
    onWarning(warningOf(path, code));
    return 'unknown';
  }
}
