import FormData from 'form-data';
import { BackupError } from '../../base/errors.ts';
import {
  fetchIdsMax,
  fetchRootsMax,
  jsonBodyBytesMax,
  missingIdsMax,
  packBytesMax,
  snapshotsPageMax,
} from '../../protocol/limits.ts';
import { parseHealthAnswer, parseRingAnswer } from '../../protocol/messages/account.ts';
import { mediaTypes } from '../../protocol/messages/headers.ts';
import { decodeBitmap, encodeIds } from '../../protocol/messages/objects.ts';
import {
  parseHistoryAnswer,
  parseSnapshotsAnswer,
  type AdvanceMessage,
  type SnapshotsAnswer,
} from '../../protocol/messages/snapshots.ts';
import { parseLanesAnswer, parseWorkspacesAnswer } from '../../protocol/messages/workspaces.ts';
import { decodePack } from '../core/pack/pack.ts';
import { decodeSnapshotHeader } from '../core/snapshot/snapshotHeader.ts';
import { encodeSnapshotRecord } from '../core/snapshot/snapshotRecord.ts';
import type { KeyStore, StoredRing } from '../ports/keyStore.ts';
import type {
  CallOptions,
  CommitRequest,
  FetchRequest,
  Pack,
  Repository,
  SnapshotQuery,
  StoredSnapshot,
} from '../ports/repository.ts';
import { HttpConnection, parseAnswer, understand, type Call, type ConnectionOptions } from './httpConnection.ts';
import { commitResultOf, historyRowOf, laneOf, ringOf, storedSnapshotOf, workspaceOf } from './httpMessages.ts';

const mib = 1024 * 1024;
/** A page of workspaces, lanes or rows, a list of missing ids. */
const listAnswerBytesMax = 32 * mib;
/** The server cuts a page of snapshots at some MiB; one snapshot more may be on it. */
const snapshotsAnswerBytesMax = 32 * mib;
/** What multipart puts around a pack is no part of it; a ZIP's is. */
const packAnswerBytesMax = packBytesMax + mib;

export type RemoteRepository = Repository & KeyStore & { close(): void };

/**
 * One account's store on a server, over HTTP(S). It does not retry (`withRetry` does) and keeps nothing but
 * connections. Everything that comes back is parsed and bounded; segments are verified by who opens them.
 */
export function connectRepository(options: ConnectionOptions & { readonly token: string }): RemoteRepository {
  const connection = new HttpConnection(options);
  return { ...repositoryOver(connection), ...keyStoreOver(connection), close: () => connection.close() };
}

function repositoryOver(connection: HttpConnection): Repository {
  return {
    async instance({ signal }) {
      if (connection.instance !== undefined) return connection.instance;
      const answer = await connection.send({ route: 'health', answerBytesMax: jsonBodyBytesMax, signal });
      return parseAnswer(answer, parseHealthAnswer).instance;
    },
    async workspaces({ signal }) {
      const answer = await connection.send({ route: 'workspaces', answerBytesMax: listAnswerBytesMax, signal });
      return parseAnswer(answer, parseWorkspacesAnswer).workspaces.map(workspaceOf);
    },
    async createWorkspace({ id, name }, { signal }) {
      await connection.send(put('createWorkspace', { path: { workspace: id }, value: { name }, signal }));
    },
    async lanes(workspace, { signal }) {
      const call = { route: 'lanes', path: { workspace }, answerBytesMax: listAnswerBytesMax, signal } as const;
      return parseAnswer(await connection.send(call), parseLanesAnswer).lanes.map(laneOf);
    },
    async lanesOfOrigin(origin, { signal }) {
      const call = { route: 'lanesOfOrigin', path: { origin }, answerBytesMax: listAnswerBytesMax, signal } as const;
      return parseAnswer(await connection.send(call), parseLanesAnswer).lanes.map(laneOf);
    },
    async createLane({ id, workspace, origin }, { signal }) {
      await connection.send(put('createLane', { path: { workspace, lane: id }, value: { origin }, signal }));
    },
    async missing(ids, { signal }) {
      if (ids.length > missingIdsMax) throw new BackupError('invalid', `At most ${missingIdsMax} ids at once.`);
      const body = { kind: 'bytes', bytes: encodeIds(ids) } as const;
      const answer = await connection.send({ route: 'missing', body, answerBytesMax: jsonBodyBytesMax, signal });
      return understand(() => decodeBitmap(ids, answer.bytes));
    },
    async putPack(pack, { signal }) {
      const form = new FormData();
      appendPack(form, pack);
      const body = { kind: 'form', form } as const;
      await connection.send({ route: 'putPack', body, answerBytesMax: jsonBodyBytesMax, signal });
    },
    commit: (request, options) => commitOver(connection, request, options),
    fetch: (request, options) => fetchOver(connection, request, options),
    snapshots: (query, options) => snapshotsOver(connection, query, options),
    async findSnapshots(query, { signal }) {
      const call = { route: 'findSnapshots', query, answerBytesMax: snapshotsAnswerBytesMax, signal } as const;
      return parseAnswer(await connection.send(call), parseSnapshotsAnswer).snapshots.map(storedSnapshotOf);
    },
    async history({ workspace, path, ancestors, before, limit }, { signal }) {
      const value = { path, ancestors, before: before ?? null, limit };
      const body = { kind: 'json', value } as const;
      const call = { route: 'history', path: { workspace }, body, answerBytesMax: listAnswerBytesMax, signal } as const;
      return parseAnswer(await connection.send(call), parseHistoryAnswer).rows.map(historyRowOf);
    },
  };
}

function keyStoreOver(connection: HttpConnection): KeyStore {
  return {
    async getRing({ signal }) {
      const answer = await connection.send({ route: 'getRing', answerBytesMax: jsonBodyBytesMax, signal });
      return ringOf(parseAnswer(answer, parseRingAnswer));
    },
    async createRing(ring, { signal }): Promise<StoredRing> {
      const value = { bytes: Buffer.from(ring).toString('base64') };
      const answer = await connection.send(put('createRing', { value, signal }));
      const stored = ringOf(parseAnswer(answer, parseRingAnswer));
      if (stored === undefined) throw new BackupError('corrupt', 'The server answered with no key ring.');
      return stored;
    },
  };
}

function put(
  route: 'createWorkspace' | 'createLane' | 'createRing',
  { path = {}, value, signal }: CallOptions & { readonly path?: Readonly<Record<string, string>>; readonly value: object },
): Call {
  return { route, path, body: { kind: 'json', value }, answerBytesMax: jsonBodyBytesMax, signal };
}

/** The order of the parts is the server's order of checking: what is small and may be refused comes first. */
async function commitOver(connection: HttpConnection, request: CommitRequest, { signal }: CallOptions) {
  const { record, rows, pack, advance } = request;
  const form = new FormData();
  appendBytes(form, { part: 'snapshot', bytes: encodeSnapshotRecord(record), filename: record.id });
  appendBytes(form, { part: 'rows', bytes: rows });
  if (advance !== undefined) {
    const message: AdvanceMessage = { ref: advance.ref, expect: advance.expect ?? null };
    appendBytes(form, { part: 'advance', bytes: Buffer.from(JSON.stringify(message)) });
  }
  if (pack !== undefined) appendPack(form, pack);
  const answer = await connection.send({
    route: 'commit',
    path: { workspace: decodeSnapshotHeader(record.header).workspace },
    body: { kind: 'form', form },
    answerBytesMax: listAnswerBytesMax,
    answers: [409, 422],
    signal,
  });
  return commitResultOf(answer);
}

/** Named by its SHA-256 as the snapshot is by its id, so that the server sees at once what was garbled. */
function appendPack(form: FormData, { id, bytes }: Pack): void {
  appendBytes(form, { part: 'pack', bytes, filename: `${id}.zip`, contentType: mediaTypes.zip });
}

function appendBytes(
  form: FormData,
  { part, bytes, filename = part, contentType = mediaTypes.bytes }: {
    readonly part: string;
    readonly bytes: Uint8Array;
    readonly filename?: string;
    readonly contentType?: string;
  },
): void {
  form.append(part, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { filename, contentType });
}

async function fetchOver(connection: HttpConnection, request: FetchRequest, { signal }: CallOptions) {
  const count = request.kind === 'objects' ? request.ids.length : request.roots.length;
  const countMax = request.kind === 'objects' ? fetchIdsMax : fetchRootsMax;
  if (count > countMax) throw new BackupError('invalid', `At most ${countMax} ids can be fetched at once.`);
  const body = { kind: 'json', value: request } as const;
  const answer = await connection.send({ route: 'fetch', body, answerBytesMax: packAnswerBytesMax, signal });
  return answer.status === 204 ? [] : understand(() => decodePack(answer.bytes));
}

/** Asks on while the server cuts pages by their bytes, so that a short page means the end. */
async function snapshotsOver(
  connection: HttpConnection,
  { workspace, before, limit }: SnapshotQuery,
  { signal }: CallOptions,
): Promise<readonly StoredSnapshot[]> {
  const found: StoredSnapshot[] = [];
  let page: SnapshotsAnswer;
  do {
    const from = found.at(-1)?.seq ?? before;
    const query = {
      limit: String(Math.min(limit, snapshotsPageMax) - found.length),
      ...(from === undefined ? {} : { before: String(from) }),
    };
    const call = { route: 'snapshots', path: { workspace }, query, answerBytesMax: snapshotsAnswerBytesMax, signal } as const;
    page = parseAnswer(await connection.send(call), parseSnapshotsAnswer);
    found.push(...page.snapshots.map(storedSnapshotOf));
  } while (page.more && page.snapshots.length > 0 && found.length < Math.min(limit, snapshotsPageMax));
  return found;
}
