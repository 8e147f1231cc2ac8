import { decode, encode, rfc8949EncodeOptions, Tokenizer } from 'cborg';
import type { Token } from 'cborg';
import { equalBytes } from '../../base/bytes.ts';
import { BackupError, isBackupError } from '../../base/errors.ts';

/** What our records hold: no floats, tags or `undefined`. Maps have text keys. */
export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue }
  | ReadonlyMap<string, CborValue>;

/** RFC 8949 §4.2.1: shortest forms, definite lengths, map keys in the order of their encoded bytes. */
export function encodeCanonical(value: CborValue): Uint8Array<ArrayBuffer> {
  return encode(value, rfc8949EncodeOptions);
}

/**
 * Decodes one canonical item; maps become `Map`. Accepts only what `encodeCanonical` would write, byte for byte.
 * Errors: `invalid`. Memory is bounded by a small multiple of the input, items and depth by the constants below.
 */
export function decodeCanonical(bytes: Uint8Array, what: string): unknown {
  try {
    const value: unknown = decode(bytes, { ...decodeOptions, tokenizer: new BoundedTokenizer(bytes) });
    if (equalBytes(encode(value, rfc8949EncodeOptions), bytes)) return value;
  } catch (cause) {
    if (isBackupError(cause)) throw cause;
    throw new BackupError('invalid', `Malformed ${what}: not canonical CBOR.`, {}, { cause });
  }
  throw new BackupError('invalid', `Malformed ${what}: not canonical CBOR.`);
}

/** Arrays and maps within each other. Nothing of ours goes deeper than 5. */
const cborDepthMax = 8;
/** Items of all kinds, keys and values of maps included. Nothing of ours has more than 7,000. */
const cborItemsMax = 65_536;

const decodeOptions = {
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: true,
  strict: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
};

/** The decoder recurses into arrays and maps; this stops hostile nesting before the stack does, and floods of items. */
class BoundedTokenizer extends Tokenizer {
  /** Items still to come in each open array or map. */
  readonly #open: number[] = [];
  #items = 0;

  constructor(bytes: Uint8Array) {
    super(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), decodeOptions);
  }

  override next(): Token {
    const token = super.next();
    this.#items += 1;
    if (this.#items > cborItemsMax) throw new BackupError('invalid', 'CBOR has too many items.');
    const last = this.#open.length - 1;
    if (last >= 0) this.#open[last]! -= 1;
    const items = itemsWithin(token);
    if (items > 0) this.#open.push(items);
    if (this.#open.length > cborDepthMax) throw new BackupError('invalid', 'CBOR is nested too deeply.');
    while (this.#open.length > 0 && this.#open.at(-1)! <= 0) this.#open.pop();
    return token;
  }
}

function itemsWithin(token: Token): number {
  if (token.type.name === 'array') return Number(token.value);
  return token.type.name === 'map' ? 2 * Number(token.value) : 0;
}
