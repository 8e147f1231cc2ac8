import { BackupError } from '../../base/errors.ts';
import { decodeUtf8 } from '../../base/bytes.ts';
import { parseSnapshotId, parseWorkspaceId, type WorkspaceId } from '../../protocol/ids.ts';
import { snapshotHeaderBytesMax, snapshotSealedBytesMax } from '../../protocol/limits.ts';
import { problemOf } from '../../protocol/messages/problem.ts';
import {
  parseAdvance,
  parseHistoryRequest,
  parsePrefixQuery,
  parseSnapshotsQuery,
  type CommittedMessage,
  type HistoryAnswer,
  type MissingMessage,
  type SnapshotMessage,
  type SnapshotsAnswer,
  type StaleMessage,
} from '../../protocol/messages/snapshots.ts';
import { decodeSnapshotHeader } from '../../engine/core/snapshot/snapshotHeader.ts';
import { decodeSnapshotRecord } from '../../engine/core/snapshot/snapshotRecord.ts';
import type { CommitRequest, CommitResult, StoredSnapshot } from '../../engine/ports/repository.ts';
import type { Hasher } from '../../engine/ports/primitives.ts';
import type { Part, PartRule } from './multipart.ts';
import { packOf, packPart } from './objectRoutes.ts';
import { json, type DeviceCall, type RouteAnswer } from './routeTypes.ts';

const kib = 1024;
/** Snapshots read at once for a page, and where a page is cut. */
const pageBatch = 32;
const pageBytesTarget = 4 * kib * kib;
/** What a page can take in memory while it is made: batch, records, base64 and JSON. */
const pageMemoryBytes = 32 * kib * kib;

const commitParts: readonly PartRule[] = [
  { name: 'snapshot', bytesMax: snapshotHeaderBytesMax + snapshotSealedBytesMax + kib, required: true },
  { name: 'rows', bytesMax: 256 * kib, required: true },
  { name: 'advance', bytesMax: 4 * kib, required: false },
  packPart({ required: false }),
];

/** Committing, listing and looking back. */
export function snapshotRoutes({ hasher }: { readonly hasher: Hasher }) {
  return {
    async commit({ path, body, repository, signal }: DeviceCall): Promise<RouteAnswer> {
      const workspace = parseWorkspaceId(path.workspace);
      const request = commitRequestOf(await body.multipart(commitParts), { workspace, hasher });
      return commitAnswer(await repository.commit(request, { signal }));
    },

    async snapshots(call: DeviceCall): Promise<RouteAnswer> {
      const workspace = parseWorkspaceId(call.path.workspace);
      const { before, limit } = call.query(parseSnapshotsQuery);
      await call.memory.reserve(pageMemoryBytes);
      return json<SnapshotsAnswer>(await readPage(call, { workspace, before, limit }));
    },

    async findSnapshots({ query, repository, signal }: DeviceCall): Promise<RouteAnswer> {
      const found = await repository.findSnapshots(query(parsePrefixQuery), { signal });
      return json<SnapshotsAnswer>({ snapshots: found.map(snapshotMessage), more: false });
    },

    async history({ path, body, repository, signal }: DeviceCall): Promise<RouteAnswer> {
      const workspace = parseWorkspaceId(path.workspace);
      const { before, ...query } = await body.json(parseHistoryRequest);
      const rows = await repository.history({ ...query, workspace, before: before ?? undefined }, { signal });
      return json<HistoryAnswer>({
        rows: rows.map((row) => ({ path: row.path, kind: row.kind, from: row.from ?? null, seq: row.seq, snapshot: row.snapshot })),
      });
    },
  };
}

function commitRequestOf(
  parts: ReadonlyMap<string, Part>,
  { workspace, hasher }: { readonly workspace: WorkspaceId; readonly hasher: Hasher },
): CommitRequest {
  const [snapshot, rows, advance, pack] = commitParts.map(({ name }) => parts.get(name));
  if (snapshot === undefined || rows === undefined) throw new BackupError('invalid', 'The body lacks a part.');
  const record = decodeSnapshotRecord(snapshot.bytes, hasher, parseSnapshotId(snapshot.filename));
  if (decodeSnapshotHeader(record.header).workspace !== workspace) {
    throw new BackupError('invalid', 'The snapshot is of another workspace than the address says.');
  }
  return {
    record,
    rows: rows.bytes,
    advance: advance === undefined ? undefined : advanceOf(advance),
    pack: pack === undefined ? undefined : packOf(pack),
  };
}

function advanceOf({ bytes }: Part): NonNullable<CommitRequest['advance']> {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch (cause) {
    throw new BackupError('invalid', 'The part `advance` is not JSON.', {}, { cause });
  }
  const { ref, expect } = parseAdvance(value);
  return { ref, expect: expect ?? undefined };
}

function commitAnswer(result: CommitResult): RouteAnswer {
  switch (result.kind) {
    case 'committed': {
      const { kind, seq, receivedAt, gatheredSeq, advanced, ref } = result;
      return json<CommittedMessage>({ kind, seq, receivedAt, gatheredSeq, advanced, ref: ref ?? null });
    }
    case 'stale': {
      const problem = problemOf(new BackupError('conflict', 'The lane has moved on: its head is not `prev`.', { reason: 'stale' }));
      const members: StaleMessage = { kind: 'stale', head: result.head ?? null };
      return { kind: 'problem', status: problem.status, value: { ...problem, ...members } };
    }
    case 'missing': {
      const problem = problemOf(new BackupError('not-found', 'The snapshot needs objects that are not stored.', { reason: 'missing' }));
      const members: MissingMessage = { kind: 'missing', ids: result.ids };
      return { kind: 'problem', status: problem.status, value: { ...problem, ...members } };
    }
    default:
      return result satisfies never;
  }
}

interface PageQuery {
  readonly workspace: WorkspaceId;
  readonly before: number | undefined;
  readonly limit: number;
}

/** In small batches until the page is full: a page of the largest snapshots would not fit in memory. */
async function readPage({ repository, signal }: DeviceCall, { workspace, before, limit }: PageQuery): Promise<SnapshotsAnswer> {
  const snapshots: SnapshotMessage[] = [];
  let bytes = 0;
  while (snapshots.length < limit) {
    if (bytes >= pageBytesTarget) return { snapshots, more: true };
    const wanted = Math.min(pageBatch, limit - snapshots.length);
    const batch = await repository.snapshots({ workspace, before: snapshots.at(-1)?.seq ?? before, limit: wanted }, { signal });
    for (const { record } of batch) bytes += record.header.length + (record.sealed?.length ?? 0);
    snapshots.push(...batch.map(snapshotMessage));
    if (batch.length < wanted) break;
  }
  return { snapshots, more: false };
}

function snapshotMessage({ workspace, seq, receivedAt, deviceName, record }: StoredSnapshot): SnapshotMessage {
  return {
    workspace,
    seq,
    receivedAt,
    deviceName,
    id: record.id,
    header: base64(record.header),
    sealed: record.sealed === undefined ? null : base64(record.sealed),
    sealedHash: base64(record.sealedHash),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
