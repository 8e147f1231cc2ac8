import { BackupError } from '../../base/errors.ts';
import {
  deviceNameBytesMax,
  historyAncestorsMax,
  historyPageMax,
  missingIdsMax,
  snapshotHeaderBytesMax,
  snapshotSealedBytesMax,
  snapshotsPageMax,
} from '../limits.ts';
import {
  parseObjectId,
  parsePathId,
  parseSnapshotId,
  parseWorkspaceId,
  type ObjectId,
  type PathId,
  type SnapshotId,
  type WorkspaceId,
} from '../ids.ts';
import { base64, FieldReader, flag, integer, list, natural, oneOf, parseFields, shownText, text } from './fields.ts';
import { parseRefName } from './names.ts';
import type { Problem } from './problem.ts';
import { parseLaneHead, type LaneHeadMessage } from './workspaces.ts';

const sha256Bytes = 32;
const changeKindBytesMax = 32;

/** Part `advance` of a commit, JSON. `expect` null: the ref must not exist yet. */
export interface AdvanceMessage {
  readonly ref: string;
  readonly expect: SnapshotId | null;
}

/** What a commit answers: 200 with `committed`; 409 and 422 are problem documents with these members added. */
export type CommitAnswer = CommittedMessage | StaleMessage | MissingMessage;

export interface CommittedMessage {
  readonly kind: 'committed';
  readonly seq: number;
  readonly receivedAt: number;
  readonly gatheredSeq: number;
  readonly advanced: boolean;
  readonly ref: SnapshotId | null;
}

export interface StaleMessage {
  readonly kind: 'stale';
  readonly head: LaneHeadMessage | null;
}

export interface MissingMessage {
  readonly kind: 'missing';
  readonly ids: readonly ObjectId[];
}

export type CommitProblem = Problem & (StaleMessage | MissingMessage);

/** GET /workspaces/:workspace/snapshots and GET /snapshots */
export interface SnapshotsAnswer {
  readonly snapshots: readonly SnapshotMessage[];
  /** The page was cut at its size in bytes: ask on before the last `seq`. */
  readonly more: boolean;
}

export interface SnapshotMessage {
  readonly workspace: WorkspaceId;
  readonly seq: number;
  /** Server time, ms. */
  readonly receivedAt: number;
  readonly deviceName: string;
  readonly id: SnapshotId;
  /** base64, verbatim. */
  readonly header: string;
  /** Null for a stub. */
  readonly sealed: string | null;
  readonly sealedHash: string;
}

/** POST /workspaces/:workspace/paths */
export interface HistoryMessage {
  readonly path: PathId;
  readonly ancestors: readonly PathId[];
  readonly before: number | null;
  readonly limit: number;
}

export interface HistoryAnswer {
  readonly rows: readonly HistoryRowMessage[];
}

export interface HistoryRowMessage {
  readonly path: PathId;
  /** A change kind by name; the engine's table says which there are. */
  readonly kind: string;
  readonly from: PathId | null;
  readonly seq: number;
  readonly snapshot: SnapshotId;
}

export function parseAdvance(value: unknown): AdvanceMessage {
  return parseFields(value, { what: 'the advance', unknown: 'refuse' }, (fields) => ({
    ref: fields.required('ref', parseRefName),
    expect: fields.optional('expect', parseSnapshotId) ?? null,
  }));
}

export function parseCommitAnswer(value: unknown): CommitAnswer {
  const fields = new FieldReader(value, 'the answer');
  const kind = fields.required('kind', oneOf(['committed', 'stale', 'missing']));
  switch (kind) {
    case 'committed':
      return {
        kind,
        seq: fields.required('seq', natural),
        receivedAt: fields.required('receivedAt', natural),
        gatheredSeq: fields.required('gatheredSeq', natural),
        advanced: fields.required('advanced', flag),
        ref: fields.optional('ref', parseSnapshotId) ?? null,
      };
    case 'stale':
      return { kind, head: fields.optional('head', parseLaneHead) ?? null };
    case 'missing':
      return { kind, ids: fields.required('ids', list(missingIdsMax, parseObjectId)) };
    default:
      return kind satisfies never;
  }
}

export function parseSnapshotsAnswer(value: unknown): SnapshotsAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    snapshots: fields.required('snapshots', list(snapshotsPageMax, parseSnapshot)),
    more: fields.required('more', flag),
  }));
}

function parseSnapshot(value: unknown, what: string): SnapshotMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    workspace: fields.required('workspace', parseWorkspaceId),
    seq: fields.required('seq', natural),
    receivedAt: fields.required('receivedAt', natural),
    deviceName: fields.required('deviceName', shownText(deviceNameBytesMax)),
    id: fields.required('id', parseSnapshotId),
    header: fields.required('header', base64(snapshotHeaderBytesMax)),
    sealed: fields.optional('sealed', base64(snapshotSealedBytesMax)) ?? null,
    sealedHash: fields.required('sealedHash', base64(sha256Bytes)),
  }));
}

export function parseHistoryRequest(value: unknown): HistoryMessage {
  return parseFields(value, { what: 'the question', unknown: 'refuse' }, (fields) => ({
    path: fields.required('path', parsePathId),
    ancestors: fields.required('ancestors', list(historyAncestorsMax, parsePathId)),
    before: fields.optional('before', natural) ?? null,
    limit: fields.required('limit', integer({ min: 1, max: historyPageMax })),
  }));
}

export function parseHistoryAnswer(value: unknown): HistoryAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    rows: fields.required('rows', list(historyPageMax, parseHistoryRow)),
  }));
}

function parseHistoryRow(value: unknown, what: string): HistoryRowMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    path: fields.required('path', parsePathId),
    kind: fields.required('kind', text(changeKindBytesMax)),
    from: fields.optional('from', parsePathId) ?? null,
    seq: fields.required('seq', natural),
    snapshot: fields.required('snapshot', parseSnapshotId),
  }));
}

const decimalPattern = /^(?:0|[1-9][0-9]{0,15})$/;
const prefixPattern = /^[0-9a-f]{1,64}$/;

/** `?before=SEQ&limit=N` of GET …/snapshots. Errors: `invalid`, unknown parameters included. */
export function parseSnapshotsQuery(query: unknown): { readonly before: number | undefined; readonly limit: number } {
  return parseFields(query, { what: 'the query', unknown: 'refuse' }, (fields) => ({
    before: fields.optional('before', decimal({ min: 0, max: Number.MAX_SAFE_INTEGER })),
    limit: fields.optional('limit', decimal({ min: 1, max: snapshotsPageMax })) ?? snapshotsPageMax,
  }));
}

/** `?prefix=HEX` of GET /snapshots. */
export function parsePrefixQuery(query: unknown): { readonly prefix: string } {
  return parseFields(query, { what: 'the query', unknown: 'refuse' }, (fields) => ({
    prefix: fields.required('prefix', (value, what) => {
      if (typeof value !== 'string' || !prefixPattern.test(value)) {
        throw new BackupError('invalid', `${what} must be 1 to 64 lower-case hex digits.`);
      }
      return value;
    }),
  }));
}

function decimal(bounds: { readonly min: number; readonly max: number }): (value: unknown, what: string) => number {
  return (value, what) => {
    if (typeof value !== 'string' || !decimalPattern.test(value)) {
      throw new BackupError('invalid', `${what} is not a decimal number.`);
    }
    return integer(bounds)(Number(value), what);
  };
}
