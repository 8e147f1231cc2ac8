import { BackupError } from '../../../base/errors.ts';
import type { ListId, ObjectId } from '../../../protocol/ids.ts';
import { chunkBytesMax, listLevelsMax, nodeBodyBytesMax } from '../../../protocol/limits.ts';
import { decodeCanonical, encodeCanonical } from '../canonicalCbor.ts';
import { malformed, readArray, readUint } from '../cborFields.ts';
import type { HashContext } from '../formatContext.ts';
import { ChildReader, ChildWriter } from '../objectChildren.ts';
import { objectId } from '../objectId.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';
import { isListLeaf } from './listTypes.ts';
import type { ListedChunk, ListNode, ListNodeRef } from './listTypes.ts';

/** Items of one node. Source: docs/format.md § Lists. */
export const listItemsMin = 64;
export const listItemsMax = 1024;
/** 1 in 192 past the minimum: 256 items on average. */
const listSplitBelow = Math.floor(2 ** 32 / 192);

/** Whether a node of `count` items may and does end after the one that names `id`: by the first bits of the id. */
export function endsListNode(id: ObjectId, count: number): boolean {
  if (count >= listItemsMax) return true;
  return count >= listItemsMin && Number.parseInt(id.slice(0, 8), 16) < listSplitBelow;
}

/** The object of one node. Body: canonical CBOR [level, items]. */
export function encodeListNode(node: ListNode, context: HashContext): PlainObject {
  const children = new ChildWriter();
  const items = isListLeaf(node)
    ? node.chunks.map(({ id, bytes }) => [children.position(id), bytes])
    : node.nodes.map(({ list, bytes, chunks }) => [children.position(list), bytes, chunks]);
  const content = { kind: 'list', children: children.ids(), body: encodeCanonical([node.level, items]) } as const;
  return { ...content, id: objectId(content, context) };
}

/** Errors: `invalid` for all that `encodeListNode` cannot have written. Does not check the id. */
export function decodeListNode(object: PlainObject): ListNode {
  if (object.kind !== 'list') throw new BackupError('invalid', `A ${object.kind} is not a list.`);
  if (object.body.length > nodeBodyBytesMax) malformed(what, 'too large');
  const [level, items] = readArray(decodeCanonical(object.body, what), what, 2);
  const children = new ChildReader(object.children);
  const node = readNode(readUint(level, what, listLevelsMax - 1), readArray(items, what, listItemsMax), children);
  children.finish();
  return node;
}

/** Bytes and chunks beneath a node. */
export function listTotals(node: ListNode): { readonly bytes: number; readonly chunks: number } {
  let bytes = 0;
  let chunks = 0;
  for (const item of isListLeaf(node) ? node.chunks : node.nodes) {
    bytes += item.bytes;
    chunks += 'chunks' in item ? item.chunks : 1;
  }
  return { bytes, chunks };
}

/** Checks a node against what the one above says of it. Errors: `invalid`. */
export function checkListChild(node: ListNode, above: { readonly level: number; readonly ref: ListNodeRef }): void {
  const { bytes, chunks } = listTotals(node);
  if (node.level !== above.level - 1 || bytes !== above.ref.bytes || chunks !== above.ref.chunks) {
    malformed(what, 'a node is not what the node above says');
  }
}

const what = 'list';

function readNode(level: number, items: readonly unknown[], children: ChildReader): ListNode {
  if (items.length === 0) malformed(what, 'no items');
  const node: ListNode =
    level === 0
      ? { level: 0, chunks: items.map((item) => readChunk(item, children)) }
      : { level, nodes: items.map((item) => readRef(item, children)) };
  if (!Number.isSafeInteger(listTotals(node).bytes)) malformed(what, 'too many bytes');
  return node;
}

function readChunk(item: unknown, children: ChildReader): ListedChunk {
  const [position, bytes] = readArray(item, what, 2);
  if (bytes === 0) malformed(what, 'an empty chunk');
  return { id: children.at(readUint(position, what)), bytes: readUint(bytes, what, chunkBytesMax) };
}

function readRef(item: unknown, children: ChildReader): ListNodeRef {
  const [position, bytes, chunks] = readArray(item, what, 3);
  const ref = {
    list: children.at<ListId>(readUint(position, what)),
    bytes: readUint(bytes, what),
    chunks: readUint(chunks, what),
  };
  if (ref.chunks === 0 || ref.bytes < ref.chunks || ref.bytes > ref.chunks * chunkBytesMax) {
    malformed(what, 'bytes and chunks that cannot be');
  }
  return ref;
}
