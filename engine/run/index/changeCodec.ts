import { type ByteReader, type ByteWriter, fromHex } from '../../../base/bytes.ts';
import { type ListId, objectIdBytes, type ObjectId } from '../../../protocol/ids.ts';
import { objectChildrenMax } from '../../../protocol/limits.ts';
import type { BytePath } from '../../core/byteString.ts';
import { readEntry, readId, readMark, readText, writeEntry, writeMark, writeText } from './directoryCodec.ts';
import type { IndexChange, IndexChanges, ListLinks } from './indexTypes.ts';
import type { StatMark } from './statMark.ts';

const entryCode = 1;
const directoryCode = 2;
const removedCode = 3;
const markCode = 4;
const noMode = 0xffff;

/** Changes as the journal keeps them. */
export function writeChanges(writer: ByteWriter, changes: IndexChanges): void {
  writer.u32(changes.size);
  for (const [path, change] of changes) {
    writeText(writer, path);
    writeChange(writer, change);
  }
}

export function readChanges(reader: ByteReader): Map<BytePath, IndexChange> {
  const changes = new Map<BytePath, IndexChange>();
  for (let left = reader.u32(); left > 0; left--) {
    const path = readText(reader) as BytePath;
    changes.set(path, readChange(reader));
  }
  return changes;
}

export function writeLists(writer: ByteWriter, lists: Iterable<ListLinks>): void {
  const all = [...lists];
  writer.u32(all.length);
  for (const { id, children } of all) {
    writer.bytes(fromHex(id)).u16(children.length);
    for (const child of children) writer.bytes(fromHex(child));
  }
}

export function readLists(reader: ByteReader): ListLinks[] {
  const lists: ListLinks[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const id = readId<ListId>(reader);
    const count = reader.u16();
    if (count > objectChildrenMax || count * objectIdBytes > reader.left) reader.fail('too many children');
    lists.push({ id, children: Array.from({ length: count }, () => readId<ObjectId>(reader)) });
  }
  return lists;
}

function writeChange(writer: ByteWriter, change: IndexChange): void {
  switch (change.kind) {
    case 'entry':
      writer.u8(entryCode);
      writeEntry(writer, change);
      break;
    case 'directory':
      writer.u8(directoryCode).u16(change.mode ?? noMode).i64(change.mtimeNs);
      writeMaybeMark(writer, change.mark);
      break;
    case 'removed':
      writer.u8(removedCode);
      break;
    case 'mark':
      writer.u8(markCode);
      writeMaybeMark(writer, change.mark);
      break;
    default:
      change satisfies never;
  }
}

function readChange(reader: ByteReader): IndexChange {
  const code = reader.u8();
  switch (code) {
    case entryCode: {
      const { entry, mark } = readEntry(reader);
      return entry.kind === 'directory' ? reader.fail('a directory as an entry') : { kind: 'entry', entry, mark };
    }
    case directoryCode: {
      const mode = reader.u16();
      return { kind: 'directory', mode: mode === noMode ? undefined : mode, mtimeNs: reader.i64(), mark: readMaybeMark(reader) };
    }
    case removedCode:
      return { kind: 'removed' };
    case markCode:
      return { kind: 'mark', mark: readMaybeMark(reader) };
    default:
      return reader.fail('an unknown change');
  }
}

function writeMaybeMark(writer: ByteWriter, mark: StatMark | undefined): void {
  writer.u8(mark === undefined ? 0 : 1);
  if (mark !== undefined) writeMark(writer, mark);
}

function readMaybeMark(reader: ByteReader): StatMark | undefined {
  return reader.u8() === 0 ? undefined : readMark(reader);
}
