import { BackupError } from '../../../base/errors.ts';
import type { SnapshotId, WorkspaceId } from '../../../protocol/ids.ts';
import { snapshotsPageMax } from '../../../protocol/limits.ts';
import type { BytePath } from '../../core/byteString.ts';
import { byteStringOfText, rootPath } from '../../core/byteString.ts';
import { decodeSnapshotHeader } from '../../core/snapshot/snapshotHeader.ts';
import type { SnapshotHeader } from '../../core/snapshot/snapshotTypes.ts';
import type { Repository, StoredSnapshot } from '../../ports/repository.ts';

/** A stored snapshot with its header decoded. */
export interface Snapshot extends StoredSnapshot {
  readonly id: SnapshotId;
  readonly header: SnapshotHeader;
  /** Thinned: only its header is left. */
  readonly stub: boolean;
}

export interface SnapshotScope {
  readonly repository: Repository;
  readonly workspace: WorkspaceId;
  readonly signal: AbortSignal;
}

/** What a person names: `SNAPSHOT` or `SNAPSHOT:PATH`. */
export interface SnapshotName {
  readonly snapshot: string;
  readonly path: BytePath;
}

const prefixPattern = /^[0-9a-f]{1,64}$/;
export const latestName = 'latest';

/** Newest first by the server's `seq`, over all lanes; stubs included. Ends when the caller stops asking. */
export async function* listSnapshots(
  { repository, workspace, signal }: SnapshotScope,
  { before: start, pageSize = snapshotsPageMax }: { readonly before?: number; readonly pageSize?: number } = {},
): AsyncGenerator<Snapshot, void> {
  let before = start;
  for (;;) {
    const page = await repository.snapshots({ workspace, before, limit: pageSize }, { signal });
    for (const stored of page) yield snapshotOf(stored);
    const last = page.at(-1);
    if (last === undefined) return;
    if (before !== undefined && last.seq >= before) throw new BackupError('corrupt', 'The server repeats its snapshots.');
    before = last.seq;
  }
}

/** The newest complete snapshot of the workspace: no checkpoint, no stub. */
export async function latestSnapshot(scope: SnapshotScope): Promise<Snapshot | undefined> {
  for await (const snapshot of listSnapshots(scope, { pageSize: 20 })) {
    if (!snapshot.header.partial && !snapshot.stub) return snapshot;
  }
  return undefined;
}

/**
 * The one snapshot that `name` means: `latest`, an id, or a prefix of one that no other snapshot shares.
 * Errors: `invalid` when it is no such name or ambiguous, `not-found` when there is none.
 */
export async function findSnapshot(name: string, scope: SnapshotScope): Promise<Snapshot> {
  if (name === latestName) {
    const latest = await latestSnapshot(scope);
    if (latest === undefined) throw new BackupError('not-found', 'This workspace has no complete snapshot yet.');
    return latest;
  }
  return await findSnapshotById(name, scope);
}

/** As `findSnapshot`, for a name that says by itself which workspace it is of. */
export async function findSnapshotById(name: string, { repository, signal }: Omit<SnapshotScope, 'workspace'>): Promise<Snapshot> {
  if (!prefixPattern.test(name)) {
    throw new BackupError('invalid', `“${name}” names no snapshot: give an id, the start of one, or “${latestName}”.`);
  }
  const found = (await repository.findSnapshots({ prefix: name }, { signal })).map(snapshotOf);
  const [first, second] = found.filter(({ id }) => id.startsWith(name));
  if (first === undefined) throw new BackupError('not-found', `There is no snapshot ${name}.`);
  if (second !== undefined) {
    throw new BackupError('invalid', `More than one snapshot starts with ${name}: give more of its id.`, {
      first: first.id,
      second: second.id,
    });
  }
  return first;
}

/** Errors: `not-found` for a snapshot of which only the header is left. */
export function requireContent(snapshot: Snapshot): Snapshot {
  if (!snapshot.stub) return snapshot;
  throw new BackupError('not-found', `The content of snapshot ${snapshot.id} was removed by retention; only its place in history is left.`);
}

/**
 * Takes `SNAPSHOT` or `SNAPSHOT:PATH` apart. Slashes at both ends and `.` components are forgiven.
 * Errors: `invalid` for an empty name or a path that climbs with `..`.
 */
export function parseSnapshotName(text: string): SnapshotName {
  const colon = text.indexOf(':');
  const snapshot = colon < 0 ? text : text.slice(0, colon);
  if (snapshot === '') throw new BackupError('invalid', 'Which snapshot? Write SNAPSHOT or SNAPSHOT:PATH.');
  return { snapshot, path: colon < 0 ? rootPath : parseStoredPath(text.slice(colon + 1)) };
}

/** A path inside a workspace as a person writes it, with slashes. Errors: `invalid` for `..` and NUL. */
export function parseStoredPath(text: string): BytePath {
  const names = text.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..') || text.includes('\0')) {
    throw new BackupError('invalid', `“${text}” is no path inside a workspace.`);
  }
  return byteStringOfText(names.join('/'));
}

export function snapshotOf(stored: StoredSnapshot): Snapshot {
  const { record } = stored;
  return { ...stored, id: record.id, header: decodeSnapshotHeader(record.header), stub: record.sealed === undefined };
}
