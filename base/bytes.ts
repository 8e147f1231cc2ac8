import { BackupError } from './errors.ts';

/** Codes of the two digits of every byte. */
const hexCodes = Uint8Array.from({ length: 512 }, (_, i) => '0123456789abcdef'.charCodeAt(i % 2 === 0 ? i >> 5 : (i >> 1) & 15));
/** As many as can surely be handed to a function as its arguments. */
const hexPieceBytes = 2_048;
const hexPattern = /^(?:[0-9a-f]{2})*$/;
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });

/** Lower-case hex, two digits a byte. An id is made at once: joined from digits it would be a tree of strings in memory. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length <= hexPieceBytes) return hexOfPiece(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += hexPieceBytes) text += hexOfPiece(bytes.subarray(at, at + hexPieceBytes));
  return text;
}

function hexOfPiece(bytes: Uint8Array): string {
  const codes = new Array<number>(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    codes[2 * i] = hexCodes[2 * bytes[i]!]!;
    codes[2 * i + 1] = hexCodes[2 * bytes[i]! + 1]!;
  }
  return String.fromCharCode(...codes);
}

/** The bytes of lower-case hex. Errors: `invalid` for anything else. */
export function fromHex(text: string): Uint8Array {
  if (!hexPattern.test(text)) throw new BackupError('invalid', 'Not lower-case hex.');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = hexValue(text, 2 * i) * 16 + hexValue(text, 2 * i + 1);
  return bytes;
}

function hexValue(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 58 ? code - 48 : code - 87;
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return utf8Encoder.encode(text);
}

/** Errors: `invalid` when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw new BackupError('invalid', 'Not UTF-8.', {}, { cause });
  }
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Byte order, a proper prefix first: negative, zero or positive, as `Buffer.compare`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/**
 * Reads big-endian fields from outside bytes. Every read is checked against what is left, so a lying length
 * answers `invalid` (or the code given) and never allocates. Slices are views, not copies.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  readonly #end: number;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.#end = bytes.length;
  }

  get offset(): number {
    return this.#at;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8));
  }

  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Errors: `invalid` when anything is left. */
  finish(): void {
    if (this.left !== 0) this.fail(`${this.left} bytes too many`);
  }

  fail(reason: string): never {
    throw new BackupError('invalid', `Malformed ${this.#what}: ${reason}.`, { offset: this.#at });
  }

  #advance(length: number): number {
    if (length > this.left) this.fail(`it ends ${length - this.left} bytes too early`);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** Writes big-endian fields into a growing buffer. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): this {
    const at = this.#advance(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#advance(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#advance(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** What does not fit 64 bits is cut. */
  u64(value: bigint): this {
    const at = this.#advance(8);
    this.#view.setBigUint64(at, value);
    return this;
  }

  i64(value: bigint): this {
    const at = this.#advance(8);
    this.#view.setBigInt64(at, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#advance(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** What was written so far; a view, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  #advance(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
