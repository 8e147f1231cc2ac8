import { ByteReader, ByteWriter, fromHex, toHex } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import { objectIdBytes } from '../../../protocol/ids.ts';
import type { PathId } from '../../../protocol/ids.ts';
import { pathRowsMax } from '../../../protocol/limits.ts';
import { changeKinds } from './snapshotTypes.ts';
import type { ChangeKind, PathRow } from './snapshotTypes.ts';

/** u8 kind ‖ path id ‖ id that it had before, or zeros. */
const rowBytes = 1 + 2 * objectIdBytes;
const noPath = '0'.repeat(2 * objectIdBytes);

/**
 * Rows in order of (path, kind, from), each once, whatever the order given. None make no bytes. A snapshot's header
 * holds the SHA-256. Errors: `limit` beyond `pathRowsMax`; `invalid` when just a `moved-from` lacks `from`.
 */
export function encodePathRows(rows: readonly PathRow[]): Uint8Array<ArrayBuffer> {
  const unique = [...new Map(rows.map((row) => [sortKey(row), row])).entries()];
  if (unique.length > pathRowsMax) throw new BackupError('limit', 'Too many path rows.', { rows: unique.length });
  unique.sort(([a], [b]) => (a < b ? -1 : 1));
  const writer = new ByteWriter(Math.max(rowBytes * unique.length, 1));
  for (const [, row] of unique) {
    checkFrom(row);
    writer.u8(changeKinds[row.kind]).bytes(fromHex(row.path)).bytes(fromHex(row.from ?? noPath));
  }
  return writer.written();
}

/** Errors: `invalid` for all that `encodePathRows` cannot have written. */
export function decodePathRows(bytes: Uint8Array): readonly PathRow[] {
  const reader = new ByteReader(bytes, 'path rows');
  if (bytes.length > rowBytes * pathRowsMax || bytes.length % rowBytes !== 0) reader.fail('a length that cannot be');
  const rows: PathRow[] = [];
  let last = '';
  while (reader.left > 0) {
    const row = readRow(reader);
    checkFrom(row);
    const key = sortKey(row);
    if (key <= last) reader.fail('rows that are not in rising order');
    last = key;
    rows.push(row);
  }
  return rows;
}

function readRow(reader: ByteReader): PathRow {
  const kind = kindByCode.get(reader.u8()) ?? reader.fail('a change of an unknown kind');
  const path = toHex(reader.bytes(objectIdBytes)) as PathId;
  const from = toHex(reader.bytes(objectIdBytes)) as PathId;
  return { path, kind, from: (from as string) === noPath ? undefined : from };
}

const kindByCode = new Map<number, ChangeKind>(
  (Object.keys(changeKinds) as ChangeKind[]).map((kind) => [changeKinds[kind], kind]),
);

function sortKey({ path, kind, from }: PathRow): string {
  return `${path}${changeKinds[kind]}${from ?? noPath}`;
}

function checkFrom({ kind, from }: PathRow): void {
  if ((kind === 'moved-from') !== (from !== undefined)) {
    throw new BackupError('invalid', 'Malformed path rows: a former path where there is none, or none where there is.');
  }
}
