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

/** Every segment that holds a copy and what each copy declares, oldest first. It is a tree when any copy says so. */
interface MemoryObject {
  kind: ObjectKind;
  readonly segments: string[];
  readonly declared: { readonly device: DeviceId; readonly children: readonly ObjectId[] }[];
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
export function storePack(account: MemoryAccount, pack: Pack, { hasher, device }: { readonly hasher: Hasher; readonly device: DeviceId }): void {
  if (toHex(hasher.sha256(pack.bytes)) !== pack.id) throw new BackupError('corrupt', 'The pack is not what its id says.');
  if (pack.bytes.length > packBytesMax) throw new BackupError('limit', 'The pack is too large.', { bytesMax: packBytesMax });
  const segments = decodePack(pack.bytes).map((bytes) => ({ bytes, header: decodeSegmentHeader(bytes) }));
  let opened = false;
  for (const { bytes, header } of segments) {
    const name = toHex(hasher.sha256(bytes));
    if (account.segments.has(name)) continue;
    account.segments.set(name, bytes);
    for (const { id, kind, children } of header.objects) {
      const object = account.objects.get(id) ?? { kind, segments: [], declared: [], closed: kind === 'chunk' };
      account.objects.set(id, object);
      object.segments.push(name);
      object.declared.push({ device, children });
      if (object.kind === 'chunk') object.kind = kind;
      opened ||= object.closed && children.some((child) => account.objects.get(child)?.closed !== true);
    }
  }
  // What lies above the one that was opened is not known: everything is looked at again.
  if (opened) for (const object of account.objects.values()) object.closed = object.kind === 'chunk';
}

type Completeness = 'closed' | 'complete for it' | 'incomplete';

/**
 * What the closure of `root` lacks (bounded), as `walkClosure` of the server says it: a device is held to its own copy
 * of a tree, else to all copies; what is known from others only is asked for above whatever is missing.
 */
export function closeOver(account: MemoryAccount, root: ObjectId, device: DeviceId): readonly ObjectId[] {
  const lacking = new Set<ObjectId>();
  const seen = new Map<ObjectId, Completeness | 'open'>();
  const path: ObjectId[] = [];
  const lack = (id: ObjectId): Completeness => {
    for (const one of [...path, id]) lacking.add(one);
    return 'incomplete';
  };
  function visit(id: ObjectId): Completeness {
    const object = account.objects.get(id);
    const before = seen.get(id);
    if (object === undefined || before === 'open') return lack(id);
    if (object.closed || before !== undefined) return before ?? 'closed';
    seen.set(id, 'open');
    const own = object.declared.filter((copy) => copy.device === device);
    const all = new Set(object.declared.flatMap(({ children }) => children));
    const children = own.length === 0 ? all : new Set(own.flatMap((copy) => copy.children));
    if (own.length === 0) path.push(id);
    const found = new Set(Array.from(children, (child) => (lacking.size < missingAnsweredMax ? visit(child) : 'incomplete')));
    if (own.length === 0) path.pop();
    object.closed = children.size === all.size && !found.has('complete for it') && !found.has('incomplete');
    const now = found.has('incomplete') ? 'incomplete' : object.closed ? 'closed' : 'complete for it';
    seen.set(id, now);
    return now;
  }
  visit(root);
  return [...lacking].slice(0, missingAnsweredMax);
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
    for (const child of object.declared[0]?.children ?? []) seen.add(child); // A set may grow while it is iterated.
  }
}
