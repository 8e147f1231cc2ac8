import { BackupError } from '../../base/errors.ts';
import { fromHex, toHex } from '../../base/bytes.ts';
import { fetchIdsMax, fetchRootsMax, missingIdsMax } from '../limits.ts';
import { objectIdBytes, parseObjectId, type ObjectId } from '../ids.ts';
import { FieldReader, list, oneOf } from './fields.ts';

/** Segments that a fetch may be told to leave out. */
export const fetchSkipMax = 4_096;
const segmentHashPattern = /^[0-9a-f]{64}$/;

/** POST /objects/fetch; answers a pack (ZIP), or 204 when nothing of it is stored. */
export type FetchMessage =
  | { readonly kind: 'objects'; readonly ids: readonly ObjectId[]; readonly skip?: readonly string[] }
  | { readonly kind: 'under'; readonly roots: readonly ObjectId[] };

export function parseFetchRequest(value: unknown): FetchMessage {
  const fields = new FieldReader(value, 'the fetch');
  const request = readFetch(fields);
  fields.finish({ unknown: 'refuse' });
  return request;
}

function readFetch(fields: FieldReader): FetchMessage {
  const kind = fields.required('kind', oneOf(['objects', 'under']));
  if (kind === 'under') return { kind, roots: fields.required('roots', list(fetchRootsMax, parseObjectId)) };
  const ids = fields.required('ids', list(fetchIdsMax, parseObjectId));
  const skip = fields.optional('skip', list(fetchSkipMax, parseSegmentHash));
  return { kind, ids, ...(skip === undefined ? {} : { skip }) };
}

function parseSegmentHash(value: unknown, what: string): string {
  if (typeof value !== 'string' || !segmentHashPattern.test(value)) {
    throw new BackupError('invalid', `${what} is not a segment's SHA-256.`);
  }
  return value;
}

/** Body of POST /objects/missing: the ids' raw bytes one after another. */
export function encodeIds(ids: readonly ObjectId[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ids.length * objectIdBytes);
  ids.forEach((id, index) => bytes.set(fromHex(id), index * objectIdBytes));
  return bytes;
}

/** Errors: `invalid` unless it is a whole number of at most `missingIdsMax` ids. */
export function decodeIds(bytes: Uint8Array): readonly ObjectId[] {
  const count = bytes.length / objectIdBytes;
  if (!Number.isInteger(count)) throw new BackupError('invalid', `Ids of ${objectIdBytes} bytes each were expected.`);
  if (count > missingIdsMax) throw new BackupError('invalid', `At most ${missingIdsMax} ids can be asked about at once.`);
  return Array.from({ length: count }, (_, index) =>
    parseObjectId(toHex(bytes.subarray(index * objectIdBytes, (index + 1) * objectIdBytes))),
  );
}

/** Answer of POST /objects/missing: one bit an id in the order asked, lowest bit first; 1 means missing. */
export function encodeBitmap(ids: readonly ObjectId[], missing: ReadonlySet<ObjectId>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(ids.length / 8));
  ids.forEach((id, index) => {
    if (missing.has(id)) bytes[index >> 3]! |= 1 << (index & 7);
  });
  return bytes;
}

/** Errors: `invalid` when the length does not fit, or a bit beyond the ids is set. */
export function decodeBitmap(ids: readonly ObjectId[], bytes: Uint8Array): ReadonlySet<ObjectId> {
  if (bytes.length !== Math.ceil(ids.length / 8)) throw new BackupError('invalid', 'The bitmap does not fit the ids.');
  if (ids.length % 8 !== 0 && bytes.at(-1)! >> (ids.length % 8) !== 0) {
    throw new BackupError('invalid', 'The bitmap marks ids that were not asked about.');
  }
  return new Set(ids.filter((_, index) => (bytes[index >> 3]! >> (index & 7)) & 1));
}
