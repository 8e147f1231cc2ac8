import { nameOfPath, namesOfPath, parentPath, rootPath } from '../byteString.ts';
import type { ByteName, BytePath } from '../byteString.ts';

/** Which part of a directory must be looked at. */
export type DirtyPart = 'whole' | ReadonlyMap<ByteName, DirtyPart>;

/**
 * The paths as a tree from the root; what lies under another one of them is not named again. Of the paths in
 * `shallow`, nothing under them is looked at unless it is named itself.
 */
export function planDirty(paths: Iterable<BytePath>, shallow: Iterable<BytePath> = []): DirtyPart {
  const root: Part = new Map();
  for (const path of paths) {
    if (path === rootPath) return 'whole';
    openPart(root, namesOfPath(parentPath(path)))?.set(nameOfPath(path), 'whole');
  }
  for (const path of shallow) openPart(root, namesOfPath(path));
  return root;
}

type Part = Map<ByteName, Part | 'whole'>;

/** The part at the end of `names`, made where it is not there; undefined when something above it is whole. */
function openPart(root: Part, names: readonly ByteName[]): Part | undefined {
  let at = root;
  for (const name of names) {
    const next = at.get(name) ?? new Map<ByteName, Part | 'whole'>();
    if (next === 'whole') return undefined;
    at.set(name, next);
    at = next;
  }
  return at;
}
