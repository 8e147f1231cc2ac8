import { displayName } from '../../engine/core/byteString.ts';
import { decodeListNode } from '../../engine/core/list/listNode.ts';
import { isListLeaf } from '../../engine/core/list/listTypes.ts';
import type { PlainObject } from '../../engine/core/segment/segmentTypes.ts';
import { decodeTreeNode } from '../../engine/core/tree/treeNode.ts';
import type { TreeEntry } from '../../engine/core/tree/treeTypes.ts';
import type { JsonDocument } from '../command.ts';
import { entryDocument } from '../output/entries.ts';

const previewBytes = 256;

/** A chunk, tree or list, opened. */
export function describeObject(object: PlainObject): JsonDocument {
  const common = { kind: object.kind, id: object.id, bytes: object.body.length };
  if (object.kind === 'chunk') return { ...common, preview: previewOf(object.body) };
  if (object.kind === 'list') return { ...common, ...describeList(object) };
  return { ...common, ...describeTree(object) };
}

function describeList(object: PlainObject): JsonDocument {
  const node = decodeListNode(object);
  if (isListLeaf(node)) return { level: node.level, chunks: node.chunks.map((chunk) => ({ ...chunk })) };
  return { level: node.level, nodes: node.nodes.map((ref) => ({ ...ref })) };
}

function describeTree(object: PlainObject): JsonDocument {
  const node = decodeTreeNode(object);
  if ('entries' in node) return { level: node.level, entries: node.entries.map(describeEntry) };
  return { level: node.level, nodes: node.nodes.map(({ first, tree, entries }) => ({ first: displayName(first), tree, entries })) };
}

function describeEntry(entry: TreeEntry): JsonDocument {
  return { ...entryDocument(entry.name, entry), refersTo: refersTo(entry) };
}

function refersTo(entry: TreeEntry): string | null {
  if (entry.kind === 'directory') return entry.tree;
  if (entry.kind === 'symlink') return null;
  return entry.content.kind === 'list' ? entry.content.list : entry.content.chunks.join(' ') || null;
}

function previewOf(body: Uint8Array): string {
  const start = displayName(Buffer.from(body.subarray(0, previewBytes)).toString('latin1'));
  return body.length > previewBytes ? `${start} …` : start;
}
