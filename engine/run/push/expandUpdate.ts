import type { BytePath } from '../../core/byteString.ts';
import type { EntryChange } from '../../core/sync/planRows.ts';
import type { FolderIndex } from '../index/folderIndex.ts';
import type { IndexUpdate } from '../index/indexTypes.ts';

/**
 * Every path that a planned update changes; of a directory that goes, also what was in it. Before it is adopted.
 * `inodes` tells those of new files.
 */
export function* expandUpdate(
  index: FolderIndex,
  { entries }: IndexUpdate,
  inodes: ReadonlyMap<BytePath, bigint>,
): Generator<EntryChange, void> {
  for (const [path, { before, after }] of entries) {
    yield { path, before, after, inodeBefore: before && index.mark(path)?.inode, inodeAfter: inodes.get(path) };
    if (before?.kind !== 'directory' || after?.kind === 'directory') continue;
    for (const { path: below, entry } of index.entriesUnder(path)) {
      if (below === path) continue;
      yield { path: below, before: entry, after: undefined, inodeBefore: index.mark(below)?.inode, inodeAfter: undefined };
    }
  }
}
