import { BackupError } from '../../../base/errors.ts';
import type { ChunkId, ListId, ObjectId, TreeId } from '../../../protocol/ids.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import { displayName, namesOfPath } from '../../core/byteString.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { checkListChild, decodeListNode } from '../../core/list/listNode.ts';
import { isListLeaf } from '../../core/list/listTypes.ts';
import type { ListNode, ListNodeRef } from '../../core/list/listTypes.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import { checkTreeChild, decodeTreeNode } from '../../core/tree/treeNode.ts';
import type { FileContent, FileEntry, TreeEntry, TreeNode, TreeNodeRef } from '../../core/tree/treeTypes.ts';
import type { Repository } from '../../ports/repository.ts';
import { fetchObjects, fetchUnder, lostError } from './fetchObjects.ts';
import type { FetchParts } from './fetchObjects.ts';
import { ObjectCache } from './objectCache.ts';
import { readChunks } from './readChunks.ts';

export const cacheBytesDefault = 32 * 1024 * 1024;

export interface ObjectReaderOptions {
  readonly repository: Pick<Repository, 'fetch'>;
  readonly context: FormatContext;
  readonly signal: AbortSignal;
  readonly cacheBytesMax?: number;
}

/** What a path of a snapshot is. The root is a directory of which nothing but its tree is known. */
export type Located = { readonly kind: 'root'; readonly tree: TreeId } | TreeEntry;

/** One piece of a file: a chunk, and how long it must be where a list says so. */
export interface ChunkRef {
  readonly id: ChunkId;
  readonly bytes: number | undefined;
}

/**
 * Reads what snapshots refer to. Everything is checked against its id before anything is made of it; a wrong copy is
 * skipped and the next one asked for. Memory is bounded by the cache and the read-ahead, not by files or folders.
 * Errors: `corrupt` naming what is lost.
 */
export class ObjectReader {
  readonly #parts: FetchParts;
  readonly #cache: ObjectCache;

  constructor({ repository, context, signal, cacheBytesMax = cacheBytesDefault }: ObjectReaderOptions) {
    this.#parts = { repository, context, signal };
    this.#cache = new ObjectCache(cacheBytesMax);
  }

  /** The objects of all `ids`, held whatever the cache forgets: ask for no more than should be in memory at once. */
  async load(ids: Iterable<ObjectId>, what = 'Something stored'): Promise<ReadonlyMap<ObjectId, PlainObject>> {
    const loaded = new Map<ObjectId, PlainObject>();
    const wanted = new Set<ObjectId>();
    for (const id of ids) {
      const known = this.#cache.get(id);
      if (known === undefined) wanted.add(id);
      else loaded.set(id, known);
    }
    if (wanted.size === 0) return loaded;
    const lost = await fetchObjects(wanted, (object) => this.#receive(object, wanted, loaded), this.#parts);
    if (lost.missing.length + lost.damaged.length > 0) throw lostError(lost, what);
    return loaded;
  }

  /** Brings the trees and lists at and under `root` into the cache, as far as one answer and the cache hold them. */
  async fetchUnder(...roots: readonly ObjectId[]): Promise<void> {
    const lacking = roots.filter((id) => !this.#cache.has(id));
    if (lacking.length > 0) await fetchUnder(lacking, (object) => this.#receive(object), this.#parts);
  }

  async tree(id: TreeId): Promise<TreeNode> {
    return this.#treeNode(await this.#one(id, 'A directory'), id);
  }

  /** The nodes of `ids` in their order, fetched together. */
  async trees(ids: readonly TreeId[]): Promise<readonly TreeNode[]> {
    const objects = await this.load(ids, 'A directory');
    return ids.map((id) => this.#treeNode(objects.get(id), id));
  }

  async list(id: ListId): Promise<ListNode> {
    const object = await this.#one(id, 'The list of a large file');
    if (object.kind !== 'list') throw new BackupError('corrupt', 'The list of a large file was expected.', { id });
    return decodeListNode(object);
  }

  /** A directory's entries in order of their names, through all its nodes. */
  async *entries(directory: TreeId): AsyncGenerator<TreeEntry, void> {
    for await (const leaf of this.#leaves(directory)) yield* leaf;
  }

  async readDirectory(directory: TreeId): Promise<readonly TreeEntry[]> {
    const entries: TreeEntry[] = [];
    for await (const leaf of this.#leaves(directory)) for (const entry of leaf) entries.push(entry);
    return entries;
  }

  /** One entry of a directory, reading only the nodes on the way to it. */
  async entry(directory: TreeId, name: ByteName): Promise<TreeEntry | undefined> {
    let node = await this.tree(directory);
    while ('nodes' in node) {
      const child = node.nodes.findLast(({ first }) => first <= name);
      if (child === undefined) return undefined;
      node = await this.#childNode(child, node.level);
    }
    return node.entries.find((entry) => entry.name === name);
  }

  /** What `path` is under `root`; undefined when it is not there. Links are not followed. */
  async resolvePath(root: TreeId, path: BytePath): Promise<Located | undefined> {
    let at: Located = { kind: 'root', tree: root };
    for (const name of namesOfPath(path)) {
      if (at.kind !== 'root' && at.kind !== 'directory') return undefined;
      const found: TreeEntry | undefined = await this.entry(at.tree, name);
      if (found === undefined) return undefined;
      at = found;
    }
    return at;
  }

  /** The chunks of a file in order, read from its list as they are needed. */
  async *chunksOf(content: FileContent): AsyncGenerator<ChunkRef, void> {
    if (content.kind === 'chunks') {
      for (const id of content.chunks) yield { id, bytes: undefined };
      return;
    }
    const root = await this.list(content.list);
    const stack: { readonly node: ListNode; next: number }[] = [{ node: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { node } = top;
      if (isListLeaf(node)) {
        yield* node.chunks;
        stack.pop();
      } else {
        const child = node.nodes[top.next++];
        if (child === undefined) stack.pop();
        else stack.push({ node: await this.#childList(child, node.level), next: 0 });
      }
    }
  }

  /** A file's bytes in order, with a bounded read-ahead. Errors: `corrupt` when they are not `size` bytes. */
  async *readFile({ content, size, name }: Pick<FileEntry, 'content' | 'size' | 'name'>): AsyncGenerator<Uint8Array, void> {
    let bytes = 0;
    for await (const chunk of readChunks(this, content, displayName(name))) {
      bytes += chunk.length;
      if (bytes > size) throw sizeError(name, size);
      yield chunk;
    }
    if (bytes !== size) throw sizeError(name, size);
  }

  async *#leaves(directory: TreeId): AsyncGenerator<readonly TreeEntry[], void> {
    const root = await this.tree(directory);
    const stack: { readonly node: TreeNode; next: number }[] = [{ node: root, next: 0 }];
    let last: ByteName | undefined;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { node } = top;
      if ('entries' in node) {
        const first = node.entries[0]?.name;
        if (last !== undefined && first !== undefined && first <= last) throw new BackupError('corrupt', 'The nodes of a directory are out of order.');
        last = node.entries.at(-1)?.name ?? last;
        yield node.entries;
        stack.pop();
      } else {
        if (top.next === 0) await this.#prefetch(node.nodes.map(({ tree }) => tree));
        const child = node.nodes[top.next++];
        if (child === undefined) stack.pop();
        else stack.push({ node: await this.#childNode(child, node.level), next: 0 });
      }
    }
  }

  #treeNode(object: PlainObject | undefined, id: TreeId): TreeNode {
    if (object?.kind !== 'tree') throw new BackupError('corrupt', 'A directory was expected.', { id });
    return decodeTreeNode(object);
  }

  async #childNode(ref: TreeNodeRef, parentLevel: number): Promise<TreeNode> {
    const node = await this.tree(ref.tree);
    checkTreeChild(node, { level: parentLevel, ref });
    return node;
  }

  async #childList(ref: ListNodeRef, parentLevel: number): Promise<ListNode> {
    const node = await this.list(ref.list);
    checkListChild(node, { level: parentLevel, ref });
    return node;
  }

  async #prefetch(ids: readonly ObjectId[]): Promise<void> {
    const lacking = ids.filter((id) => !this.#cache.has(id));
    if (lacking.length > 1) await this.load(lacking, 'A directory');
  }

  async #one(id: ObjectId, what: string): Promise<PlainObject> {
    const known = this.#cache.get(id);
    if (known !== undefined) return known;
    const object = (await this.load([id], what)).get(id);
    if (object === undefined) throw new BackupError('corrupt', `${what} cannot be read.`, { id });
    return object;
  }

  #receive(object: PlainObject, wanted?: ReadonlySet<ObjectId>, loaded?: Map<ObjectId, PlainObject>): void {
    const known = this.#cache.get(object.id);
    // A copy, so that one small object never keeps its whole segment in memory.
    const own = known ?? { ...object, body: object.body.slice() };
    if (known === undefined) this.#cache.add(own);
    if (wanted?.has(object.id)) loaded?.set(object.id, own);
  }
}

function sizeError(name: ByteName, size: number): BackupError {
  return new BackupError('corrupt', `The stored content of ${displayName(name)} is not as long as its entry says.`, { size });
}
