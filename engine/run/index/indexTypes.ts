import type { ListId, TreeId } from '../../../protocol/ids.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { DirectoryTree } from '../../core/tree/directoryTree.ts';
import type { FileEntry, SymlinkEntry, TreeEntry } from '../../core/tree/treeTypes.ts';
import type { StatMark } from './statMark.ts';

/** What becomes of one path. */
export type IndexChange =
  /** Its name is that of the path. */
  | { readonly kind: 'entry'; readonly entry: FileEntry | SymlinkEntry; readonly mark: StatMark | undefined }
  /** A directory of which the metadata is this; what is in it is told by changes of its own. Made when it is not there. */
  | { readonly kind: 'directory'; readonly mode: number | undefined; readonly mtimeNs: bigint; readonly mark: StatMark | undefined }
  /** With everything beneath it. */
  | { readonly kind: 'removed' }
  /** The entry stays; its content was found unchanged when its stat said this. */
  | { readonly kind: 'mark'; readonly mark: StatMark | undefined };

/** By path, in any order; never the root itself, and nothing beneath a path that is removed or is no directory. */
export type IndexChanges = ReadonlyMap<BytePath, IndexChange>;

/** A list node with its children, so that the chunks of large files are known. */
export type ListLinks = Pick<PlainObject, 'children'> & { readonly id: ListId };

/** What a batch of changes comes to. Nothing has changed in the index until it is adopted there. */
export interface IndexUpdate {
  /** The tree of the root afterwards. */
  readonly root: TreeId;
  readonly changed: boolean;
  /** Tree nodes that nothing reachable from the index has, children before parents; each once. */
  readonly objects: readonly PlainObject[];
  /** Entries that differ, by path, directories above a change included; undefined where there is none. */
  readonly entries: ReadonlyMap<BytePath, EntryPair>;
  readonly directories: ReadonlyMap<BytePath, DirectoryUpdate>;
  readonly changes: IndexChanges;
  readonly lists: readonly ListLinks[];
}

export interface EntryPair {
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

export interface DirectoryUpdate {
  readonly tree: DirectoryTree;
  /** It was not there before, or was no directory. */
  readonly isNew: boolean;
  readonly marks: ReadonlyMap<ByteName, StatMark | undefined>;
}
