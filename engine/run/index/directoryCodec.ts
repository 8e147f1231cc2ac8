import { type ByteReader, type ByteWriter, fromHex, toHex } from '../../../base/bytes.ts';
import { type ChunkId, type ListId, objectIdBytes, type TreeId } from '../../../protocol/ids.ts';
import { treeLevelsMax } from '../../../protocol/limits.ts';
import { type ByteName, byteStringFrom, bytesOfByteString } from '../../core/byteString.ts';
import { isLeaf, type MemoryNode, nameOfItem } from '../../core/tree/treeLevels.ts';
import { type FileContent, inlineChunksMax, type TreeEntry } from '../../core/tree/treeTypes.ts';
import { markBytes, type StatMark } from './statMark.ts';

/** Answers the mark of a name, as far as it is known. */
export interface MarkSource {
  get(name: ByteName): StatMark | undefined;
}

const kindCodes = { file: 1, directory: 2, symlink: 3 } as const;
const hasMode = 0x04;
const hasMark = 0x08;
const listCode = 255;

/*
 * One directory of the index: its nodes as they are in the tree, with ids, so that nothing is hashed to read it back.
 * A format of our own cache: unlike those of docs/format.md it may change with every version.
 */

export function writeDirectory(writer: ByteWriter, { top, marks }: { readonly top: MemoryNode; readonly marks: MarkSource }): void {
  writer.u8(top.level).bytes(fromHex(top.id)).u16(top.items.length);
  if (isLeaf(top)) for (const entry of top.items) writeEntry(writer, { entry, mark: marks.get(entry.name) });
  else for (const node of top.items) writeDirectory(writer, { top: node, marks });
}

/** Errors: `invalid` for what was not written by `writeDirectory`. Puts into `markPlaces` where the marks are. */
export function readDirectory(reader: ByteReader, markPlaces: Map<ByteName, number>): MemoryNode {
  const level = reader.u8();
  if (level >= treeLevelsMax) reader.fail('too many levels');
  const id = readId<TreeId>(reader);
  const count = reader.u16();
  if (level === 0) {
    const items: TreeEntry[] = [];
    for (let i = 0; i < count; i++) {
      const { entry, markPlace } = readPlacedEntry(reader);
      items.push(entry);
      if (markPlace !== undefined) markPlaces.set(entry.name, markPlace);
    }
    return { level: 0, id, first: firstOf(items), entries: count, items };
  }
  const items: MemoryNode[] = [];
  let entries = 0;
  for (let i = 0; i < count; i++) {
    const node = readDirectory(reader, markPlaces);
    if (node.level !== level - 1) reader.fail('a node of another level');
    entries += node.entries;
    items.push(node);
  }
  return { level, id, first: firstOf(items), entries, items };
}

/** Hands every id that a stored directory refers to `take`, as its place in `bytes`: a quick pass without objects. */
export function scanDirectoryIds(reader: ByteReader, take: (id: Uint8Array) => void): void {
  const level = reader.u8();
  if (level >= treeLevelsMax) reader.fail('too many levels');
  reader.bytes(objectIdBytes);
  const count = reader.u16();
  for (let i = 0; i < count; i++) {
    if (level === 0) scanEntryIds(reader, take);
    else scanDirectoryIds(reader, take);
  }
}

export interface MarkedEntry {
  readonly entry: TreeEntry;
  readonly mark: StatMark | undefined;
}

export function writeEntry(writer: ByteWriter, { entry, mark }: MarkedEntry): void {
  const flags = kindCodes[entry.kind] | (entry.mode === undefined ? 0 : hasMode) | (mark === undefined ? 0 : hasMark);
  writer.u8(flags).i64(entry.mtimeNs);
  if (entry.mode !== undefined) writer.u16(entry.mode);
  if (mark !== undefined) writeMark(writer, mark);
  writeText(writer, entry.name);
  switch (entry.kind) {
    case 'file':
      writer.u64(BigInt(entry.size));
      writeContent(writer, entry.content);
      break;
    case 'directory':
      writer.bytes(fromHex(entry.tree));
      break;
    case 'symlink':
      writeText(writer, entry.target);
      break;
    default:
      entry satisfies never;
  }
}

export function readEntry(reader: ByteReader): MarkedEntry {
  const flags = reader.u8();
  const mtimeNs = reader.i64();
  const mode = (flags & hasMode) === 0 ? undefined : reader.u16();
  const mark = (flags & hasMark) === 0 ? undefined : readMark(reader);
  return { entry: readRest(reader, { flags, mode, mtimeNs }), mark };
}

/** The same, but the mark stays where it is. */
function readPlacedEntry(reader: ByteReader): { readonly entry: TreeEntry; readonly markPlace: number | undefined } {
  const flags = reader.u8();
  const mtimeNs = reader.i64();
  const mode = (flags & hasMode) === 0 ? undefined : reader.u16();
  const markPlace = (flags & hasMark) === 0 ? undefined : reader.offset;
  if (markPlace !== undefined) reader.bytes(markBytes);
  return { entry: readRest(reader, { flags, mode, mtimeNs }), markPlace };
}

function readRest(
  reader: ByteReader,
  { flags, mode, mtimeNs }: { readonly flags: number; readonly mode: number | undefined; readonly mtimeNs: bigint },
): TreeEntry {
  const name = readText(reader) as ByteName;
  switch (flags & 3) {
    case kindCodes.file:
      return { kind: 'file', name, mode, mtimeNs, size: Number(reader.u64()), content: readContent(reader) };
    case kindCodes.directory:
      return { kind: 'directory', name, mode, mtimeNs, tree: readId(reader) };
    case kindCodes.symlink:
      return { kind: 'symlink', name, mode, mtimeNs, target: readText(reader) };
    default:
      return reader.fail('an unknown kind of entry');
  }
}

export function writeMark(writer: ByteWriter, { ctimeNs, inode, device }: StatMark): void {
  writer.i64(ctimeNs).u64(inode).u64(device);
}

export function readMark(reader: ByteReader): StatMark {
  return { ctimeNs: reader.i64(), inode: reader.u64(), device: reader.u64() };
}

export function writeText(writer: ByteWriter, text: string): void {
  writer.u16(text.length).bytes(bytesOfByteString(text));
}

export function readText(reader: ByteReader): string {
  return byteStringFrom(reader.bytes(reader.u16()));
}

export function readId<T extends string>(reader: ByteReader): T {
  return toHex(reader.bytes(objectIdBytes)) as T;
}

function scanEntryIds(reader: ByteReader, take: (id: Uint8Array) => void): void {
  const flags = reader.u8();
  reader.bytes(8 + ((flags & hasMode) === 0 ? 0 : 2) + ((flags & hasMark) === 0 ? 0 : markBytes));
  reader.bytes(reader.u16());
  switch (flags & 3) {
    case kindCodes.file: {
      reader.bytes(8);
      const count = reader.u8();
      for (let i = 0; i < (count === listCode ? 1 : count); i++) take(reader.bytes(objectIdBytes));
      break;
    }
    case kindCodes.directory:
      take(reader.bytes(objectIdBytes));
      break;
    default:
      reader.bytes(reader.u16());
  }
}

function writeContent(writer: ByteWriter, content: FileContent): void {
  if (content.kind === 'list') writer.u8(listCode).bytes(fromHex(content.list));
  else {
    writer.u8(content.chunks.length);
    for (const id of content.chunks) writer.bytes(fromHex(id));
  }
}

function readContent(reader: ByteReader): FileContent {
  const count = reader.u8();
  if (count === listCode) return { kind: 'list', list: readId<ListId>(reader) };
  if (count > inlineChunksMax) reader.fail('too many chunks');
  const chunks: ChunkId[] = [];
  for (let i = 0; i < count; i++) chunks.push(readId<ChunkId>(reader));
  return { kind: 'chunks', chunks };
}

function firstOf(items: readonly (TreeEntry | MemoryNode)[]): ByteName {
  return items.length === 0 ? ('' as ByteName) : nameOfItem(items[0]!);
}
