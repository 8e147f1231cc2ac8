import type { BytePath } from '../byteString.ts';
import type { TreeEntry } from '../tree/treeTypes.ts';
import type { Mark } from './marks.ts';
import type { RefusalReason } from './targetNames.ts';

/** What a restore would do. Paths are relative to the target. Made before anything is touched; shown by a dry run. */
export interface RestorePlan {
  /** In order of their paths, directories' own mode and time last, deepest first. */
  readonly actions: readonly RestoreAction[];
  readonly refused: readonly RefusedPath[];
  /** Staged siblings that lie about in the target, of a restore that was killed or is running. */
  readonly leftovers: readonly BytePath[];
  /** Everything on disk that the actions replace, change or delete: what must be captured first. */
  readonly touched: ReadonlySet<BytePath>;
  readonly totals: RestoreTotals;
}

export type RestoreAction = PutAction | DeleteAction | MetaAction | DirectoryAction;

/** Puts a file, a link, or a directory with all that is in it; what is there goes aside. */
export interface PutAction {
  readonly kind: 'put';
  readonly path: BytePath;
  readonly entry: TreeEntry;
  /** Of a directory that is made only to hold this path: nothing else of it is put. */
  readonly only: BytePath | undefined;
  /** What is there now; undefined when nothing is. */
  readonly before: Mark | undefined;
}

export interface DeleteAction {
  readonly kind: 'delete';
  readonly path: BytePath;
  readonly before: Mark;
}

/** Content is right; mode, time or both are not. */
export interface MetaAction {
  readonly kind: 'meta';
  readonly path: BytePath;
  readonly before: Mark;
  readonly set: Meta;
  readonly was: Meta;
}

/** A directory that is there already: its mode and time, once everything in it is done. */
export interface DirectoryAction {
  readonly kind: 'directory';
  readonly path: BytePath;
  readonly set: Meta;
  readonly was: Meta;
}

/** Undefined: left as it is. */
export interface Meta {
  readonly mode: number | undefined;
  readonly mtimeNs: bigint | undefined;
}

export interface RefusedPath {
  readonly path: BytePath;
  readonly reason: RefusalReason;
}

export interface RestoreTotals {
  /** To be written. */
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly bytes: number;
  /** Files and links on disk that are replaced, and deleted. */
  readonly replaced: number;
  readonly deleted: number;
  /** Files and links of which only mode or time is set, and which are already right. */
  readonly meta: number;
  readonly same: number;
}
