import { namesOfPath } from '../../core/byteString.ts';
import type { BytePath } from '../../core/byteString.ts';
import type { SnapshotWarning } from '../../core/snapshot/snapshotTypes.ts';
import type { DirtyPart } from '../../core/sync/planDirty.ts';

/** What a folder's snapshots do not hold as it is on disk, by path: a warning stays until its path is looked at again. */
export class FolderWarnings {
  readonly #byPath = new Map<BytePath, SnapshotWarning>();

  get all(): readonly SnapshotWarning[] {
    return [...this.#byPath.values()];
  }

  /** `found` is all there is to say of that part of the folder. */
  replace(part: DirtyPart, found: readonly SnapshotWarning[]): void {
    for (const path of this.#byPath.keys()) if (isWhollyIn(path, part)) this.#byPath.delete(path);
    for (const warning of found) this.#byPath.set(warning.path, warning);
  }
}

function isWhollyIn(path: BytePath, part: DirtyPart): boolean {
  let at: DirtyPart | undefined = part;
  for (const name of namesOfPath(path)) {
    if (at === 'whole' || at === undefined) break;
    at = at.get(name);
  }
  return at === 'whole';
}
