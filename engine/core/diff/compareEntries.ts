import type { FileContent, TreeEntry } from '../tree/treeTypes.ts';

/** How one name differs between two trees. `type`: a file became a directory or a link, or the like. */
export type DifferenceKind = 'add' | 'modify' | 'meta' | 'delete' | 'type';

/** Runtimes set times to the microsecond at best: less than this apart is the same time. Nanoseconds. */
export const timeToleranceNs = 2_000n;

/**
 * What changed from one entry to another of the same name; undefined when nothing did. A directory is compared by
 * its own mode only: what is in it is compared by whoever descends, and its time follows from that.
 */
export function compareEntries(before: TreeEntry | undefined, after: TreeEntry | undefined): DifferenceKind | undefined {
  if (before === undefined) return after === undefined ? undefined : 'add';
  if (after === undefined) return 'delete';
  if (before.kind !== after.kind) return 'type';
  if (!sameContent(before, after)) return 'modify';
  if (before.kind === 'symlink') return undefined;
  return sameMode(before.mode, after.mode) && (before.kind === 'directory' || sameTime(before.mtimeNs, after.mtimeNs))
    ? undefined
    : 'meta';
}

/** A mode that one side's platform does not have is no difference. */
export function sameMode(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

export function sameTime(a: bigint, b: bigint): boolean {
  const apart = a - b;
  return apart < timeToleranceNs && -apart < timeToleranceNs;
}

export function sameFileContent(a: FileContent, b: FileContent): boolean {
  if (a.kind === 'list') return b.kind === 'list' && a.list === b.list;
  return b.kind === 'chunks' && a.chunks.length === b.chunks.length && a.chunks.every((id, i) => id === b.chunks[i]);
}

function sameContent(before: TreeEntry, after: TreeEntry): boolean {
  if (before.kind === 'file') return after.kind === 'file' && before.size === after.size && sameFileContent(before.content, after.content);
  if (before.kind === 'symlink') return after.kind === 'symlink' && before.target === after.target;
  return true;
}
