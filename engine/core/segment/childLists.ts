import { ByteReader, toHex } from '../../../base/bytes.ts';
import { objectIdBytes, parseObjectKind } from '../../../protocol/ids.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { fixedHeaderBytes } from './segmentHeader.ts';

/**
 * The child lists of a segment's header, each made only when it is asked for: a header may name hundreds of thousands
 * of ids, of which a walk needs few. For headers that `decodeSegmentHeader` took before; nothing is checked again.
 * Errors: `invalid` when the bytes are none.
 */
export class ChildLists {
  /** About what it holds in memory. */
  readonly bytes: number;
  readonly #header: Uint8Array;
  /** Where the child list of each tree or list begins. */
  readonly #offsets = new Map<ObjectId, number>();

  constructor(header: Uint8Array) {
    this.#header = header;
    const reader = new ByteReader(header, 'segment');
    reader.bytes(fixedHeaderBytes - countBytes);
    for (let left = reader.u32(); left > 0; left--) {
      const kind = parseObjectKind(reader.u8());
      const id = toHex(reader.bytes(objectIdBytes)) as ObjectId;
      if (kind === 'chunk') continue;
      this.#offsets.set(id, reader.offset);
      reader.bytes(reader.u16() * objectIdBytes);
    }
    this.bytes = header.length + offsetBytes * this.#offsets.size;
  }

  /** Undefined for what is no tree or list of this segment. */
  get(id: ObjectId): readonly ObjectId[] | undefined {
    const offset = this.#offsets.get(id);
    if (offset === undefined) return undefined;
    const reader = new ByteReader(this.#header.subarray(offset), 'segment');
    return Array.from({ length: reader.u16() }, () => toHex(reader.bytes(objectIdBytes)) as ObjectId);
  }
}

const countBytes = 4;
/** An id and its number in a map. */
const offsetBytes = 160;
