import { assert, BackupError } from '../../base/errors.ts';
import { toHex } from '../../base/bytes.ts';
import type { ObjectId, ObjectKind, OriginId, DeviceId, LaneId, SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import { packBytesMax } from '../../protocol/limits.ts';
import { decodePack } from '../core/pack/pack.ts';
import { decodeSegmentHeader } from '../core/segment/decodeSegment.ts';
import type { PathRow, SnapshotHeader, SnapshotRecord } from '../core/snapshot/snapshotTypes.ts';
import type { StoredRing } from '../ports/keyStore.ts';
import type { Hasher } from '../ports/primitives.ts';
import type { FetchRequest, LaneHead, Pack } from '../ports/repository.ts';

const missingAnsweredMax = 4_096;

/** Everything one account has stored: plain data, so that a test can copy it and put it back. */
export interface MemoryAccount {
  readonly workspaces: Map<WorkspaceId, { readonly name: string; readonly createdAt: number }>;
  readonly lanes: Map<LaneId, MemoryLane>;
  readonly refs: Map<string, SnapshotId>;
  readonly snapshots: Map<SnapshotId, MemorySnapshot>;
  readonly segments: Map<string, Uint8Array>;
  readonly objects: Map<ObjectId, MemoryObject>;
  ring: StoredRing | undefined;
}

export interface MemoryLane {
  readonly workspace: WorkspaceId;
  readonly origin: OriginId;
  readonly device: DeviceId;
  readonly deviceName: string;
  head: LaneHead | undefined;
  headSeq: number;
}

export interface MemorySnapshot {
  readonly seq: number;
  readonly receivedAt: number;
  readonly deviceName: string;
  readonly header: SnapshotHeader;
  readonly record: SnapshotRecord;
  readonly rows: readonly PathRow[];
}

/** The kind and children that the first uploader declared, and every segment that holds a copy, oldest first. */
interface MemoryObject {
  readonly kind: ObjectKind;
  readonly children: readonly ObjectId[];
  readonly segments: string[];
  closed: boolean;
}

export function emptyAccount(): MemoryAccount {
  return {
    workspaces: new Map(),
    lanes: new Map(),
    refs: new Map(),
    snapshots: new Map(),
    segments: new Map(),
    objects: new Map(),
    ring: undefined,
  };
}

/** Stores a pack's segments. Errors: `corrupt` for a wrong pack id, `invalid` for malformed bytes; then nothing is stored. */
export function storePack(account: MemoryAccount, pack: Pack, hasher: Hasher): void {
  if (toHex(hasher.sha256(pack.bytes)) !== pack.id) throw new BackupError('corrupt', 'The pack is not what its id says.');
  if (pack.bytes.length > packBytesMax) throw new BackupError('limit', 'The pack is too large.', { bytesMax: packBytesMax });
  const segments = decodePack(pack.bytes).map((bytes) => ({ bytes, header: decodeSegmentHeader(bytes) }));
  for (const { bytes, header } of segments) {
    const name = toHex(hasher.sha256(bytes));
    if (account.segments.has(name)) continue;
    account.segments.set(name, bytes);
    for (const { id, kind, children } of header.objects) {
      const stored = account.objects.get(id);
      if (stored === undefined) account.objects.set(id, { kind, children, segments: [name], closed: false });
      else if (!stored.segments.includes(name)) stored.segments.push(name);
    }
  }
}

/** What the closure of `root` lacks (bounded); when nothing, all of it is marked closed. */
export function closeOver(account: MemoryAccount, root: ObjectId): readonly ObjectId[] {
  const lacking = new Set<ObjectId>();
  const walked = new Set<ObjectId>();
  const left = [root];
  for (let id = left.pop(); id !== undefined && lacking.size < missingAnsweredMax; id = left.pop()) {
    const object = account.objects.get(id);
    if (object === undefined) lacking.add(id);
    if (object === undefined || object.closed || walked.has(id)) continue;
    walked.add(id);
    left.push(...object.children);
  }
  if (lacking.size > 0) return [...lacking];
  for (const id of walked) {
    const object = account.objects.get(id);
    assert(object, 'a walked object is stored');
    object.closed = true;
  }
  return [];
}

/** The segments asked for, in order, up to the limit of one answer. */
export function fetchSegments(account: MemoryAccount, request: FetchRequest): readonly Uint8Array[] {
  const skip = new Set(request.kind === 'objects' ? request.skip : []);
  const ids = request.kind === 'objects' ? request.ids : treesUnder(account, request.roots);
  const names = new Set<string>();
  const answer: Uint8Array[] = [];
  let bytes = 0;
  for (const id of ids) {
    const name = account.objects.get(id)?.segments.find((candidate) => !skip.has(candidate));
    if (name === undefined || names.has(name)) continue;
    const segment = account.segments.get(name);
    assert(segment, 'a location names a stored segment');
    if (answer.length > 0 && bytes + segment.length > packBytesMax) break;
    names.add(name);
    answer.push(segment);
    bytes += segment.length;
  }
  return answer;
}

/** Trees and lists at and under the roots, breadth first, each once. */
function* treesUnder(account: MemoryAccount, roots: readonly ObjectId[]): Generator<ObjectId> {
  const seen = new Set<ObjectId>(roots);
  for (const id of seen) {
    const object = account.objects.get(id);
    if (object === undefined || object.kind === 'chunk') continue;
    yield id;
    for (const child of object.children) seen.add(child); // A set may grow while it is iterated.
  }
}
