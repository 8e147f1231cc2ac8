import { sameFileContent, sameMode, sameTime } from '../diff/compareEntries.ts';
import type { TreeEntry } from '../tree/treeTypes.ts';

/** How much of an entry differs. `time`: nothing but a time, or what is in a directory. */
export type Difference = 'none' | 'time' | 'more';

/**
 * The entry to store for what was found: the old one verbatim when nothing but a time differs, and that by less than
 * runtimes can set; a known mode is carried over where the platform has none.
 */
export function settleEntry(old: TreeEntry | undefined, found: TreeEntry): { readonly entry: TreeEntry; readonly difference: Difference } {
  if (old === undefined) return { entry: found, difference: 'more' };
  const entry = found.mode === undefined && old.mode !== undefined && old.kind === found.kind ? { ...found, mode: old.mode } : found;
  if (!sameThing(old, entry) || !sameMode(old.mode, entry.mode)) return { entry, difference: 'more' };
  const sameTree = old.kind !== 'directory' || (entry.kind === 'directory' && old.tree === entry.tree);
  if (sameTree && old.mode === entry.mode && sameTime(old.mtimeNs, entry.mtimeNs)) return { entry: old, difference: 'none' };
  return { entry, difference: 'time' };
}

function sameThing(old: TreeEntry, found: TreeEntry): boolean {
  switch (old.kind) {
    case 'file':
      return found.kind === 'file' && old.size === found.size && sameFileContent(old.content, found.content);
    case 'symlink':
      return found.kind === 'symlink' && old.target === found.target;
    case 'directory':
      return found.kind === 'directory';
    default:
      return old satisfies never;
  }
}
