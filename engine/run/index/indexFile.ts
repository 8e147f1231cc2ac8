import { ByteReader, ByteWriter, concatBytes, encodeUtf8, equalBytes, fromHex, toHex } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import { type ListId, type ObjectId, type SnapshotId, snapshotIdBytes, type TreeId } from '../../../protocol/ids.ts';
import { type BytePath, rootPath } from '../../core/byteString.ts';
import type { HashContext } from '../../core/formatContext.ts';
import { readLists, writeLists } from './changeCodec.ts';
import { readId, readText, scanDirectoryIds, writeText } from './directoryCodec.ts';
import { FolderIndex } from './folderIndex.ts';
import { IdCounts } from './idCounts.ts';
import { IndexedDirectory } from './indexedDirectory.ts';

/** Raised whenever the bytes mean something else: an older cache is then discarded. */
const magic = encodeUtf8('holdfast index 1\n');
const digestBytes = 32;
export const journalTokenBytes = 16;

/** What the cache file says besides the folder's state. */
export interface IndexHeader {
  /** The snapshot that holds this state; undefined when there is none yet. */
  readonly snapshot: SnapshotId | undefined;
  /** Ties the journal to this file. */
  readonly journalToken: Uint8Array;
}

/** Magic, header, root, lists, directories, and the SHA-256 of all that. */
export function encodeIndex(index: FolderIndex, { snapshot, journalToken }: IndexHeader, { hasher }: HashContext): Uint8Array {
  const writer = new ByteWriter(64 * 1024);
  writer.bytes(magic).bytes(journalToken);
  writeSnapshotId(writer, snapshot);
  writer.bytes(fromHex(index.root));
  const { directories, lists } = index.parts();
  writeLists(writer, Array.from(lists, ([id, children]) => ({ id, children })));
  writer.u32(index.size);
  for (const [path, directory] of directories) {
    const packed = directory.packed();
    writeText(writer, path);
    writer.u32(packed.length).bytes(packed);
  }
  const body = writer.written();
  return concatBytes([body, hasher.sha256(body)]);
}

/** Errors: `corrupt` or `invalid` for anything that is not exactly what was written: the cache is then discarded. */
export function decodeIndex(bytes: Uint8Array, context: HashContext): { readonly index: FolderIndex; readonly header: IndexHeader } {
  const end = bytes.length - digestBytes;
  if (end < 0 || !equalBytes(context.hasher.sha256(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw new BackupError('corrupt', 'The index is damaged.');
  }
  const reader = new ByteReader(bytes.subarray(0, end), 'index');
  if (reader.left < magic.length || !equalBytes(reader.bytes(magic.length), magic)) reader.fail('another version');
  const journalToken = reader.bytes(journalTokenBytes).slice();
  const snapshot = readSnapshotId(reader);
  const root = readId<TreeId>(reader);
  const known = new IdCounts();
  known.add(root);
  const lists = new Map<ListId, readonly ObjectId[]>();
  for (const { id, children } of readLists(reader)) {
    lists.set(id, children);
    for (const child of children) known.add(child);
  }
  const directories = readDirectories(reader, known);
  reader.finish();
  const index = new FolderIndex(context, { directories, known, lists });
  if (!directories.has(rootPath) || index.root !== root) reader.fail('another root');
  return { index, header: { snapshot, journalToken } };
}

export function writeSnapshotId(writer: ByteWriter, snapshot: SnapshotId | undefined): void {
  writer.u8(snapshot === undefined ? 0 : 1);
  if (snapshot !== undefined) writer.bytes(fromHex(snapshot));
}

export function readSnapshotId(reader: ByteReader): SnapshotId | undefined {
  return reader.u8() === 0 ? undefined : (toHex(reader.bytes(snapshotIdBytes)) as SnapshotId);
}

function readDirectories(reader: ByteReader, known: IdCounts): Map<BytePath, IndexedDirectory> {
  const directories = new Map<BytePath, IndexedDirectory>();
  for (let left = reader.u32(); left > 0; left--) {
    const path = readText(reader) as BytePath;
    const packed = reader.bytes(reader.u32());
    scanDirectoryIds(new ByteReader(packed, 'directory of the index'), (id) => known.addBytes(id, 0));
    directories.set(path, IndexedDirectory.ofPacked(packed));
  }
  return directories;
}
