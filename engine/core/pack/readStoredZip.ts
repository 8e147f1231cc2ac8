import { ByteReader } from '../../../base/bytes.ts';

export interface StoredEntry {
  /** One character a byte. */
  readonly name: string;
  /** A view of the input. */
  readonly content: Uint8Array;
}

/**
 * Reads a ZIP that holds nothing but stored entries laid end to end: local headers and contents from the first byte,
 * then the central directory in the same order, then the end record, then nothing. What ZIP allows beyond (encryption,
 * data descriptors, extra fields, comments, ZIP64, gaps, overlaps, a prefix) is refused, so no two readers can see
 * different things. Checksums are compared with each other but not with the content: see decodePack.
 * Errors: `invalid`. Nothing is copied; memory is bounded by `entriesMax`.
 */
export function readStoredZip(
  bytes: Uint8Array,
  { what, entriesMax }: { readonly what: string; readonly entriesMax: number },
): readonly StoredEntry[] {
  const reader = new LittleEndianReader(bytes, what);
  const end = readEnd(bytes, { what, entriesMax });
  const locals: LocalEntry[] = [];
  for (let i = 0; i < end.entries; i++) locals.push(readLocal(reader));
  if (reader.offset !== end.directoryAt) reader.fail('the central directory is not where it should be');
  for (const local of locals) readCentral(reader, local);
  if (reader.offset !== bytes.length - endBytes) reader.fail('the central directory has another length');
  return locals;
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 } as const;
const endBytes = 22;
/** Version 2.0: stored entries and folders. */
const versionNeededMax = 20;
const methodStored = 0;
const nameBytesMax = 64;

interface LocalEntry extends StoredEntry {
  readonly offset: number;
  readonly common: CommonFields;
}

/** What local and central headers both say, and must agree on. */
interface CommonFields {
  readonly time: number;
  readonly crc: number;
  readonly size: number;
  readonly nameBytes: number;
}

function readEnd(
  bytes: Uint8Array,
  { what, entriesMax }: { readonly what: string; readonly entriesMax: number },
): { readonly entries: number; readonly directoryAt: number } {
  const reader = new LittleEndianReader(bytes.subarray(Math.max(0, bytes.length - endBytes)), what);
  if (reader.u32() !== signatures.end) reader.fail('it does not end with an end record');
  if (reader.u16() !== 0 || reader.u16() !== 0) reader.fail('it has several parts');
  const entries = reader.u16();
  if (reader.u16() !== entries) reader.fail('its counts differ');
  if (entries > entriesMax) reader.fail('too many entries');
  const directoryBytes = reader.u32();
  const directoryAt = reader.u32();
  if (directoryAt + directoryBytes !== bytes.length - endBytes) reader.fail('the central directory is elsewhere');
  if (reader.u16() !== 0) reader.fail('it has a comment');
  return { entries, directoryAt };
}

function readLocal(reader: LittleEndianReader): LocalEntry {
  const { offset } = reader;
  if (reader.u32() !== signatures.local) reader.fail('an entry was expected');
  const common = readCommon(reader);
  const name = reader.text(common.nameBytes);
  return { offset, common, name, content: reader.bytes(common.size) };
}

function readCentral(reader: LittleEndianReader, local: LocalEntry): void {
  if (reader.u32() !== signatures.central) reader.fail('an entry of the central directory was expected');
  reader.u16(); // who made it
  const { time, crc, size, nameBytes } = readCommon(reader);
  if (reader.u16() !== 0 || reader.u16() !== 0) reader.fail('a comment, or several parts');
  reader.u16(); // internal attributes
  reader.u32(); // external attributes
  const offset = reader.u32();
  const name = reader.text(nameBytes);
  const same = offset === local.offset && time === local.common.time && crc === local.common.crc;
  if (!same || size !== local.common.size || name !== local.name) reader.fail('its two headers differ');
}

/** From the version needed to the length of the extra field. */
function readCommon(reader: LittleEndianReader): CommonFields {
  if (reader.u16() > versionNeededMax) reader.fail('it needs a later version of ZIP');
  if (reader.u16() !== 0) reader.fail('an entry has flags');
  if (reader.u16() !== methodStored) reader.fail('an entry is compressed');
  const time = reader.u32();
  const crc = reader.u32();
  const size = reader.u32();
  if (reader.u32() !== size) reader.fail('an entry is compressed');
  const nameBytes = reader.u16();
  if (nameBytes === 0 || nameBytes > nameBytesMax) reader.fail('a name of that length');
  if (reader.u16() !== 0) reader.fail('an entry has extra fields');
  return { time, crc, size, nameBytes };
}

class LittleEndianReader {
  readonly #reader: ByteReader;

  constructor(bytes: Uint8Array, what: string) {
    this.#reader = new ByteReader(bytes, what);
  }

  get offset(): number {
    return this.#reader.offset;
  }

  u16(): number {
    const value = this.#reader.u16();
    return (value >>> 8) | ((value & 0xff) << 8);
  }

  u32(): number {
    const low = this.u16();
    return low + this.u16() * 0x10000;
  }

  bytes(length: number): Uint8Array {
    return this.#reader.bytes(length);
  }

  text(length: number): string {
    return String.fromCharCode(...this.#reader.bytes(length));
  }

  fail(reason: string): never {
    this.#reader.fail(reason);
  }
}
