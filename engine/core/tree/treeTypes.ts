import type { ChunkId, ListId, TreeId } from '../../../protocol/ids.ts';
import type { ByteName } from '../byteString.ts';

/** What a directory entry says; the same shape on every platform. */
export type TreeEntry = FileEntry | DirectoryEntry | SymlinkEntry;

interface EntryBase {
  /** Exactly as on disk (WTF-8 on Windows), never empty, `.`, `..` or with a slash or NUL. */
  readonly name: ByteName;
  /** Permission bits, 0–0o7777; undefined where the writer's platform has none (Windows). */
  readonly mode: number | undefined;
  /** Nanoseconds since the epoch, as read. */
  readonly mtimeNs: bigint;
}

export interface FileEntry extends EntryBase {
  readonly kind: 'file';
  readonly size: number;
  readonly content: FileContent;
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: 'directory';
  readonly tree: TreeId;
}

export interface SymlinkEntry extends EntryBase {
  readonly kind: 'symlink';
  /** The target's bytes as a byte string, as stored in the link. */
  readonly target: string;
}

/** Up to `inlineChunksMax` chunk ids in order (none for an empty file), or a list of them. */
export type FileContent =
  | { readonly kind: 'chunks'; readonly chunks: readonly ChunkId[] }
  | { readonly kind: 'list'; readonly list: ListId };

export const inlineChunksMax = 8;

/** One node of a directory: a leaf holds entries, an inner node its child nodes. Sorted by name bytes. */
export type TreeNode =
  | { readonly level: 0; readonly entries: readonly TreeEntry[] }
  | { readonly level: number; readonly nodes: readonly TreeNodeRef[] };

export interface TreeNodeRef {
  /** The first (smallest) name beneath. */
  readonly first: ByteName;
  readonly tree: TreeId;
  /** Entries beneath, over all levels. */
  readonly entries: number;
}
