import { BackupError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/bytes.ts';
import { printable } from '../../base/printable.ts';

/** Turns one value from outside into a typed one. `what` names it in the error. Errors: `invalid`. */
export type Parse<T> = (value: unknown, what: string) => T;

export interface FieldOptions {
  /**
   * `refuse` (requests): a field that this version does not know is an error, because leaving it out could change
   * what the sender meant. `ignore` (answers): a newer server may say more.
   */
  readonly unknown: 'refuse' | 'ignore';
}

/** Reads the fields of a JSON object from outside. Errors: `invalid`, naming the field. */
export class FieldReader {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #what: string;
  readonly #read = new Set<string>();

  constructor(value: unknown, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new BackupError('invalid', `${what} is not an object.`);
    }
    this.#fields = new Map(Object.entries(value));
    this.#what = what;
  }

  required<T>(name: string, parse: Parse<T>): T {
    this.#read.add(name);
    const value = this.#fields.get(name);
    if (value === undefined) throw new BackupError('invalid', `${this.#what} lacks \`${name}\`.`);
    return parse(value, `\`${name}\` of ${this.#what}`);
  }

  /** Undefined when the field is absent or null. */
  optional<T>(name: string, parse: Parse<T>): T | undefined {
    this.#read.add(name);
    const value = this.#fields.get(name) ?? undefined;
    return value === undefined ? undefined : parse(value, `\`${name}\` of ${this.#what}`);
  }

  finish({ unknown }: FieldOptions): void {
    if (unknown === 'ignore') return;
    for (const name of this.#fields.keys()) {
      if (!this.#read.has(name)) {
        throw new BackupError('invalid', `${this.#what} holds a field that is not known here.`, { field: name.slice(0, 64) });
      }
    }
  }
}

/** Reads one object with `read`, then looks for fields that nobody asked for. */
export function parseFields<T>(
  value: unknown,
  { what, unknown }: FieldOptions & { readonly what: string },
  read: (fields: FieldReader) => T,
): T {
  const fields = new FieldReader(value, what);
  const parsed = read(fields);
  fields.finish({ unknown });
  return parsed;
}

/** Text of at most `bytesMax` bytes of UTF-8, without lone surrogates. */
export function text(bytesMax: number): Parse<string> {
  return (value, what) => {
    if (typeof value !== 'string') throw new BackupError('invalid', `${what} is not text.`);
    if (/\p{Surrogate}/u.test(value)) throw new BackupError('invalid', `${what} holds half a character.`);
    if (value.length > bytesMax || encodeUtf8(value).length > bytesMax) {
      throw new BackupError('invalid', `${what} is longer than ${bytesMax} bytes.`);
    }
    return value;
  };
}

/** Text that is only there to be shown: what a terminal must not get is escaped. */
export function shownText(bytesMax: number): Parse<string> {
  return (value, what) => printable(text(bytesMax)(value, what));
}

export function integer({ min, max }: { readonly min: number; readonly max: number }): Parse<number> {
  return (value, what) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new BackupError('invalid', `${what} is not an integer from ${min} to ${max}.`);
    }
    return value;
  };
}

/** Any count, number or time in ms: 0 to 2^53 − 1. */
export const natural = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

export const flag: Parse<boolean> = (value, what) => {
  if (typeof value !== 'boolean') throw new BackupError('invalid', `${what} is neither true nor false.`);
  return value;
};

export function oneOf<const T extends string>(choices: readonly T[]): Parse<T> {
  return (value, what) => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new BackupError('invalid', `${what} is none of ${choices.join(', ')}.`);
    return found;
  };
}

export function list<T>(countMax: number, parse: Parse<T>): Parse<readonly T[]> {
  return (value, what) => {
    if (!Array.isArray(value)) throw new BackupError('invalid', `${what} is not a list.`);
    if (value.length > countMax) throw new BackupError('invalid', `${what} holds more than ${countMax} items.`);
    return value.map((item) => parse(item, `an item of ${what}`));
  };
}

const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/;

/** Standard base64 with padding, of at most `bytesMax` bytes; stays text, because only the shells decode it. */
export function base64(bytesMax: number): Parse<string> {
  const lengthMax = Math.ceil(bytesMax / 3) * 4;
  return (value, what) => {
    if (typeof value !== 'string' || value.length % 4 !== 0 || !base64Pattern.test(value)) {
      throw new BackupError('invalid', `${what} is not base64.`);
    }
    if (value.length > lengthMax) throw new BackupError('invalid', `${what} is longer than ${bytesMax} bytes.`);
    return value;
  };
}
