import { toHex } from '../../base/bytes.ts';
import type { ObjectId, TreeId } from '../../protocol/ids.ts';
import { displayName } from '../../engine/core/byteString.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { openSegment } from '../../engine/core/segment/decodeSegment.ts';
import type { PlainObject } from '../../engine/core/segment/segmentTypes.ts';
import { decodeTreeNode } from '../../engine/core/tree/treeNode.ts';

export type Files = ReadonlyMap<string, Uint8Array>;
type Objects = ReadonlyMap<ObjectId, PlainObject>;

/** Opens sealed segments of one account, each once as long as its bytes stay the same. */
export class Restorer {
  readonly #context: FormatContext;
  readonly #opened = new Map<string, readonly PlainObject[]>();

  constructor(context: FormatContext) {
    this.#context = context;
  }

  async open(segments: readonly Uint8Array[]): Promise<Objects> {
    const objects = new Map<ObjectId, PlainObject>();
    for (const bytes of segments) {
      const name = toHex(this.#context.hasher.sha256(bytes));
      let opened = this.#opened.get(name);
      if (opened === undefined) this.#opened.set(name, (opened = await openSegment(bytes, this.#context)));
      for (const object of opened) objects.set(object.id, object);
    }
    return objects;
  }
}

/** All files beneath a tree, by path; throws when an object is not there. */
export function readTree(root: TreeId, objects: Objects, at = ''): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const node = decodeTreeNode(find(objects, root));
  if (!('entries' in node)) {
    for (const { tree } of node.nodes) for (const [path, bytes] of readTree(tree, objects, at)) files.set(path, bytes);
    return files;
  }
  for (const entry of node.entries) {
    const path = at === '' ? displayName(entry.name) : `${at}/${displayName(entry.name)}`;
    if (entry.kind === 'directory') {
      for (const [below, bytes] of readTree(entry.tree, objects, path)) files.set(below, bytes);
    } else if (entry.kind === 'file' && entry.content.kind === 'chunks') {
      files.set(path, Buffer.concat(entry.content.chunks.map((id) => find(objects, id).body)));
    }
  }
  return files;
}

/** Ids of the chunks that the files beneath a tree need. */
export function chunksBeneath(root: TreeId, objects: Objects): ReadonlySet<ObjectId> {
  const chunks = new Set<ObjectId>();
  const left: ObjectId[] = [root];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    const object = find(objects, id);
    for (const child of object.children) {
      if (objects.get(child)?.kind === 'tree') left.push(child);
      else chunks.add(child);
    }
  }
  return chunks;
}

function find(objects: Objects, id: ObjectId): PlainObject {
  const object = objects.get(id);
  if (object === undefined) throw new Error(`object ${id} is gone`);
  return object;
}
