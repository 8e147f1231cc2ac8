import { BackupError } from '../../base/errors.ts';

/**
 * Typed reading of decoded CBOR from outside. Every reader checks type and bound and answers `invalid` otherwise;
 * `what` names the record in the message.
 */
export function readArray(value: unknown, what: string, lengthMax: number): readonly unknown[] {
  if (!Array.isArray(value)) malformed(what, 'an array was expected');
  if (value.length > lengthMax) malformed(what, `an array of more than ${lengthMax} items`);
  return value;
}

/** An integer from 0 to `max`. */
export function readUint(value: unknown, what: string, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) {
    malformed(what, `a number from 0 to ${max} was expected`);
  }
  return value;
}

export function readBytes(value: unknown, what: string, lengthMax: number): Uint8Array {
  if (!(value instanceof Uint8Array)) malformed(what, 'a byte string was expected');
  if (value.length > lengthMax) malformed(what, `a byte string of more than ${lengthMax} bytes`);
  return value;
}

/** Exactly `length` bytes. */
export function readFixedBytes(value: unknown, what: string, length: number): Uint8Array {
  const bytes = readBytes(value, what, length);
  if (bytes.length !== length) malformed(what, `a byte string of ${length} bytes was expected`);
  return bytes;
}

export function readText(value: unknown, what: string, unitsMax: number): string {
  if (typeof value !== 'string') malformed(what, 'text was expected');
  if (value.length > unitsMax) malformed(what, `text of more than ${unitsMax} units`);
  return value;
}

/** Undefined for null. */
export function readOptional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === null ? undefined : read(value);
}

/**
 * A map with text keys that a later version may extend: keys that we do not know are passed over, unless they start
 * with `!`, which says that a reader who does not know them must not go on.
 */
export function readMap(value: unknown, what: string, known: readonly string[]): ReadonlyMap<string, unknown> {
  if (!(value instanceof Map)) malformed(what, 'a map was expected');
  for (const key of value.keys()) {
    if (typeof key !== 'string') malformed(what, 'a map has a key that is not text');
    if (key.startsWith('!') && !known.includes(key)) unsupported(what, `the feature ${key.slice(0, 32)}`);
  }
  return value;
}

/** The one version there is so far. Errors: `invalid`, saying that a newer Holdfast is needed. */
export function checkVersion(version: unknown, what: string, known: number): void {
  if (version !== known) unsupported(what, `version ${String(version).slice(0, 32)}`);
}

export function malformed(what: string, reason: string): never {
  throw new BackupError('invalid', `Malformed ${what}: ${reason}.`);
}

/** Written by a later version with something that must not be passed over. */
export function unsupported(what: string, feature: string): never {
  throw new BackupError('invalid', `This ${what} has ${feature}, which needs a newer version of Holdfast.`, {
    unsupported: feature,
  });
}
