import { decodeUtf8, encodeUtf8, toHex } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import { parseSnapshotId } from '../../../protocol/ids.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import type { Hasher } from '../../ports/primitives.ts';
import type { ByteName, BytePath } from '../byteString.ts';
import { namesOfPath } from '../byteString.ts';
import { isOwnSiblingName, ownSiblingName } from '../ignore/ownNames.ts';
import type { Mark } from './marks.ts';
import type { Meta } from './restorePlan.ts';

/** What a running in-place restore is about to do, on disk before anything is touched. Never rewritten. */
export interface RestoreJournal {
  /** 8 hex digits; part of the names of its staged siblings. */
  readonly id: string;
  readonly purpose: 'restore' | 'undo';
  /** The folder, as an absolute byte string. */
  readonly root: string;
  /** What is restored. */
  readonly snapshot: SnapshotId;
  /** Holds everything that is touched as it was. */
  readonly before: SnapshotId;
  readonly path: BytePath;
  /** The client's clock, ms. */
  readonly startedAt: number;
  readonly intents: readonly Intent[];
}

export type Intent = PutIntent | DeleteIntent | MetaIntent | DirectoryIntent;

/** Renames a staged sibling into place; what is there goes aside first. */
export interface PutIntent {
  readonly kind: 'put';
  readonly path: BytePath;
  readonly before: Mark | undefined;
  /** In place of a staged sibling of its own: one that an earlier restore set aside. */
  readonly from: ByteName | undefined;
}

/** Renames something aside. Changed meanwhile: it is left alone, or kept under another name. */
export interface DeleteIntent {
  readonly kind: 'delete';
  readonly path: BytePath;
  readonly before: Mark;
  readonly changed: 'leave' | 'keep-beside';
}

export interface MetaIntent {
  readonly kind: 'meta';
  readonly path: BytePath;
  readonly before: Mark;
  readonly set: Meta;
  readonly was: Meta;
}

export interface DirectoryIntent {
  readonly kind: 'directory';
  readonly path: BytePath;
  readonly set: Meta;
  readonly was: Meta;
}

const version = 1;
/** Far more than any folder has; a reader never loops over more. */
const intentsMax = 0xffff_ffff;

/** The sibling in which intent `n` is staged, or what was there is kept. */
export function siblingOf({ id }: Pick<RestoreJournal, 'id'>, n: number, kind: 'tmp' | 'aside'): ByteName {
  return ownSiblingName(`${id}${n.toString(16).padStart(8, '0')}`, kind) as ByteName;
}

/** A checksum line, then one line of JSON for the journal and one for each intent. */
export function encodeJournal({ intents, ...head }: RestoreJournal, hasher: Hasher): Uint8Array<ArrayBuffer> {
  if (intents.length > intentsMax) throw new BackupError('limit', 'A restore of too many files at once.');
  const lines = [JSON.stringify({ version, ...head }), ...intents.map((intent) => JSON.stringify(intent, plainBigint))];
  return withChecksum(lines.join('\n'), hasher);
}

/** Errors: `corrupt` for anything but a whole journal. */
export function decodeJournal(bytes: Uint8Array, hasher: Hasher): RestoreJournal {
  const [head, ...lines] = checkedText(bytes, hasher).split('\n').map(parseRecord);
  if (head === undefined || head['version'] !== version) throw malformed('an unknown version');
  return {
    id: text(head['id'], /^[0-9a-f]{8}$/),
    purpose: head['purpose'] === 'undo' ? 'undo' : 'restore',
    root: text(head['root']),
    snapshot: parseSnapshotId(head['snapshot']),
    before: parseSnapshotId(head['before']),
    path: path(head['path']),
    startedAt: count(head['startedAt']),
    intents: lines.map(parseIntent),
  };
}

/** Any small state file: a checksum line, then JSON. */
export function encodeChecked(value: unknown, hasher: Hasher): Uint8Array<ArrayBuffer> {
  return withChecksum(JSON.stringify(value, plainBigint), hasher);
}

/** Errors: `corrupt`. */
export function decodeChecked(bytes: Uint8Array, hasher: Hasher): Record<string, unknown> {
  return parseRecord(checkedText(bytes, hasher));
}

/** Errors: `corrupt`. */
export function parseMark(value: unknown): Mark {
  const record = asRecord(value);
  switch (record['kind']) {
    case 'file':
      return { kind: 'file', mode: optional(record['mode'], count), size: count(record['size']), mtimeNs: big(record['mtimeNs']), inode: big(record['inode']) };
    case 'symlink':
      return { kind: 'symlink', target: text(record['target']), inode: big(record['inode']) };
    case 'directory':
      return { kind: 'directory', digest: text(record['digest']) };
    default:
      throw malformed('an unknown mark');
  }
}

function parseIntent(record: Record<string, unknown>): Intent {
  const at = path(record['path']);
  switch (record['kind']) {
    case 'put':
      return { kind: 'put', path: at, before: optional(record['before'], parseMark), from: optional(record['from'], siblingName) };
    case 'delete':
      return { kind: 'delete', path: at, before: parseMark(record['before']), changed: record['changed'] === 'keep-beside' ? 'keep-beside' : 'leave' };
    case 'meta':
      return { kind: 'meta', path: at, before: parseMark(record['before']), set: parseMeta(record['set']), was: parseMeta(record['was']) };
    case 'directory':
      return { kind: 'directory', path: at, set: parseMeta(record['set']), was: parseMeta(record['was']) };
    default:
      throw malformed('an unknown intent');
  }
}

function parseMeta(value: unknown): Meta {
  const record = asRecord(value);
  return { mode: optional(record['mode'], count), mtimeNs: optional(record['mtimeNs'], big) };
}

function plainBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function withChecksum(body: string, hasher: Hasher): Uint8Array<ArrayBuffer> {
  return encodeUtf8(`${toHex(hasher.sha256(encodeUtf8(body)))}\n${body}`);
}

function checkedText(bytes: Uint8Array, hasher: Hasher): string {
  const body = bytes.subarray(65);
  const sum = toHex(hasher.sha256(body));
  if (bytes.length < 65 || bytes[64] !== 0x0a || toHex(bytes.subarray(0, 64)) !== toHex(encodeUtf8(sum))) {
    throw malformed('a wrong checksum');
  }
  return decodeUtf8(body);
}

function parseRecord(line: string): Record<string, unknown> {
  try {
    return asRecord(JSON.parse(line));
  } catch (cause) {
    throw new BackupError('corrupt', 'The journal of a restore cannot be read.', {}, { cause });
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw malformed('not a record');
  return value as Record<string, unknown>;
}

function optional<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : parse(value);
}

function text(value: unknown, pattern = /^/): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw malformed('not the text it should be');
  return value;
}

function path(value: unknown): BytePath {
  const parsed = text(value) as BytePath;
  if (namesOfPath(parsed).some((name) => ['', '.', '..'].includes(name))) throw malformed('a path that leads elsewhere');
  return parsed;
}

function siblingName(value: unknown): ByteName {
  const name = text(value);
  if (!isOwnSiblingName(name)) throw malformed('not the name of a sibling');
  return name as ByteName;
}

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed('not a count');
  return value;
}

function big(value: unknown): bigint {
  return BigInt(text(value, /^-?\d{1,30}$/));
}

function malformed(reason: string): BackupError {
  return new BackupError('corrupt', `The journal of a restore cannot be read: ${reason}.`);
}
