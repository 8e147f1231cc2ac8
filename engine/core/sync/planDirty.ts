import { nameOfPath, namesOfPath, parentPath, rootPath } from '../byteString.ts';
import type { ByteName, BytePath } from '../byteString.ts';

/** Which part of a directory must be looked at. */
export type DirtyPart = 'whole' | ReadonlyMap<ByteName, DirtyPart>;

/**
 * The paths as a tree from the root; what lies under another one of them is not named again. Of the paths in
 * `shallow`, nothing under them is looked at unless it is named itself. Git's own folder is looked at as a whole or
 * not at all: only so is seen that git holds a lock.
 */
export function planDirty(paths: Iterable<BytePath>, shallow: Iterable<BytePath> = []): DirtyPart {
  const root: Part = new Map();
  for (const path of paths) {
    if (path === rootPath) return 'whole';
    const whole = gitFolderOf(path) ?? path;
    openPart(root, namesOfPath(parentPath(whole)))?.set(nameOfPath(whole), 'whole');
  }
  for (const path of shallow) openPart(root, namesOfPath(path));
  return root;
}

function gitFolderOf(path: BytePath): BytePath | undefined {
  const match = /^(?:.*?\/)?\.git(?=\/)/s.exec(path);
  return match === null ? undefined : (match[0] as BytePath);
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
