import { BackupError } from '../../../base/errors.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import { displayName, joinPath, rootPath } from '../../core/byteString.ts';
import type { FileEntry, TreeEntry } from '../../core/tree/treeTypes.ts';
import type { Located, ObjectReader } from './objectReader.ts';

export interface ListedEntry {
  readonly path: BytePath;
  readonly entry: TreeEntry;
}

/** Errors: `not-found` when the snapshot does not hold `path`. */
export async function locate(reader: ObjectReader, root: TreeId, path: BytePath): Promise<Located> {
  const located = await reader.resolvePath(root, path);
  if (located === undefined) throw new BackupError('not-found', `The snapshot holds no ${displayName(path)}.`);
  return located;
}

/** The entries of a directory, or the one file or link that `path` is; with `recursive`, everything beneath in order of paths. */
export async function* listTree(
  reader: ObjectReader,
  { root, path, recursive }: { readonly root: TreeId; readonly path: BytePath; readonly recursive: boolean },
): AsyncGenerator<ListedEntry, void> {
  const located = await locate(reader, root, path);
  if (located.kind === 'root' || located.kind === 'directory') {
    if (recursive) await reader.fetchUnder(located.tree);
    yield* listUnder(reader, { directory: path, tree: located.tree, recursive });
  } else {
    yield { path, entry: located };
  }
}

/** The bytes of the file at `path`. Errors: `not-found`, and `invalid` when it is no file. */
export async function* catFile(reader: ObjectReader, root: TreeId, path: BytePath): AsyncGenerator<Uint8Array, void> {
  yield* reader.readFile(await locateFile(reader, root, path));
}

/** Errors: `not-found`, and `invalid` when it is no file. */
export async function locateFile(reader: ObjectReader, root: TreeId, path: BytePath): Promise<FileEntry> {
  const located = await locate(reader, root, path);
  if (located.kind === 'file') return located;
  const what = located.kind === 'symlink' ? 'a link' : 'a directory';
  throw new BackupError('invalid', `${path === rootPath ? 'The root' : displayName(path)} is ${what}, not a file.`);
}

/** Walks without recursion, so that depth costs no stack. */
async function* listUnder(
  reader: ObjectReader,
  { directory, tree, recursive }: { readonly directory: BytePath; readonly tree: TreeId; readonly recursive: boolean },
): AsyncGenerator<ListedEntry, void> {
  const stack = [{ directory, entries: reader.entries(tree) }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = await top.entries.next();
    if (next.done) {
      stack.pop();
      continue;
    }
    const path = joinPath(top.directory, next.value.name);
    yield { path, entry: next.value };
    if (recursive && next.value.kind === 'directory') stack.push({ directory: path, entries: reader.entries(next.value.tree) });
  }
}
