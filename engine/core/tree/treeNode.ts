import { BackupError } from '../../../base/errors.ts';
import { nodeBodyBytesMax, nameBytesMax, treeLevelsMax } from '../../../protocol/limits.ts';
import type { TreeId } from '../../../protocol/ids.ts';
import { byteStringFrom, bytesOfByteString } from '../byteString.ts';
import { decodeCanonical, encodeCanonical } from '../canonicalCbor.ts';
import { malformed, readArray, readBytes, readUint } from '../cborFields.ts';
import type { HashContext } from '../formatContext.ts';
import { ChildReader, ChildWriter } from '../objectChildren.ts';
import { objectId } from '../objectId.ts';
import type { PlainObject } from '../segment/segmentTypes.ts';
import { checkEntryName } from './entryName.ts';
import { decodeEntry, encodeEntry } from './treeEntryCodec.ts';
import { treeItemsMax } from './treeSplit.ts';
import type { TreeEntry, TreeNode, TreeNodeRef } from './treeTypes.ts';

/** A tree's object: `children` and `body` without the id, which costs a hash. */
export type TreeContent = Omit<PlainObject, 'id'>;

/** The object of one node. Body: canonical CBOR [level, items]. Errors: `invalid` for what no tree may hold. */
export function encodeTreeNode(node: TreeNode, context: HashContext): PlainObject {
  const content = encodeTreeContent(node);
  return { ...content, id: objectId(content, context) };
}

export function encodeTreeContent(node: TreeNode): TreeContent {
  const children = new ChildWriter();
  const items =
    'entries' in node
      ? node.entries.map((entry) => encodeEntry(entry, children))
      : node.nodes.map(({ first, tree, entries }) => [bytesOfByteString(first), children.position(tree), entries]);
  return { kind: 'tree', children: children.ids(), body: encodeCanonical([node.level, items]) };
}

/** Errors: `invalid` for all that `encodeTreeNode` cannot have written. Does not check the id. */
export function decodeTreeNode(object: PlainObject): TreeNode {
  if (object.kind !== 'tree') throw new BackupError('invalid', `A ${object.kind} is not a tree.`);
  if (object.body.length > nodeBodyBytesMax) malformed(what, 'too large');
  const [level, items] = readArray(decodeCanonical(object.body, what), what, 2);
  const children = new ChildReader(object.children);
  const node = readNode(readUint(level, what, treeLevelsMax - 1), readArray(items, what, treeItemsMax), children);
  children.finish();
  return node;
}

/** Entries beneath a node, over all levels. */
export function treeEntries(node: TreeNode): number {
  return 'entries' in node ? node.entries.length : node.nodes.reduce((sum, { entries }) => sum + entries, 0);
}

/** Checks a node against what the one above says of it. Errors: `invalid`. */
export function checkTreeChild(node: TreeNode, above: { readonly level: number; readonly ref: TreeNodeRef }): void {
  const first = 'entries' in node ? node.entries[0]?.name : node.nodes[0]?.first;
  if (node.level !== above.level - 1 || treeEntries(node) !== above.ref.entries || first !== above.ref.first) {
    malformed(what, 'a node is not what the node above says');
  }
}

const what = 'tree';

function readNode(level: number, items: readonly unknown[], children: ChildReader): TreeNode {
  if (level === 0) {
    const entries = items.map((item): TreeEntry => decodeEntry(item, children));
    checkOrder(entries.map(({ name }) => name));
    return { level: 0, entries };
  }
  if (items.length === 0) malformed(what, 'an inner node without items');
  const nodes = items.map((item) => readRef(item, children));
  checkOrder(nodes.map(({ first }) => first));
  const node = { level, nodes };
  if (!Number.isSafeInteger(treeEntries(node))) malformed(what, 'too many entries');
  return node;
}

function readRef(item: unknown, children: ChildReader): TreeNodeRef {
  const [first, position, entries] = readArray(item, what, 3);
  const name: string = byteStringFrom(readBytes(first, what, nameBytesMax));
  checkEntryName(name);
  const ref = { first: name, tree: children.at<TreeId>(readUint(position, what)), entries: readUint(entries, what) };
  if (ref.entries === 0) malformed(what, 'an inner node with nothing beneath');
  return ref;
}

function checkOrder(names: readonly string[]): void {
  for (let i = 1; i < names.length; i++) {
    if (names[i]! <= names[i - 1]!) malformed(what, 'names that are not in rising order');
  }
}
