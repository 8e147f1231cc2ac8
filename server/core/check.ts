import { concatBytes, equalBytes, fromHex, toHex } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import { decodeSegmentHeader } from '../../engine/core/segment/decodeSegment.ts';
import { decodePathRows } from '../../engine/core/snapshot/pathRows.ts';
import { decodeSnapshotHeader } from '../../engine/core/snapshot/snapshotHeader.ts';
import type { Hasher } from '../../engine/ports/primitives.ts';
import type { AccountId, SnapshotId } from '../../protocol/ids.ts';
import { objectIdBytes } from '../../protocol/ids.ts';
import type { LaneToCheck, ObjectPosition, ObjectsChecked, SegmentToCheck, SnapshotToCheck } from './checkReads.ts';
import type { CheckFinding, CheckNote, CheckProblem, CheckSubject, CheckSummary } from './checkTypes.ts';
import type { MetadataStore } from './metadata.ts';
import { readSegments } from './readSegments.ts';
import type { VolumeDisk } from './volumeDisk.ts';
import { readVolume } from './volumeReader.ts';

export interface CheckParts {
  readonly store: Pick<MetadataStore, 'read'>;
  readonly disk: Pick<VolumeDisk, 'read' | 'list'>;
  readonly hasher: Hasher;
  /** Throws when a ring cannot be opened with the server's key. */
  readonly openRing: (account: AccountId, wrapped: Uint8Array) => void;
  readonly signal: AbortSignal;
}

const pageBytesMax = 8 * 1024 * 1024;
const objectsPage = 2_000;
const snapshotsPage = 64;

type Finding = CheckProblem | CheckNote;
type Counts = { -readonly [Name in Exclude<keyof CheckSummary, 'kind'>]: number };

/**
 * Verifies everything stored: every segment's bytes, header and locations; every object's location and what lies
 * beneath closed trees; every snapshot's bytes, chain, rows and root; refs, rings, and the records of volumes.
 * In pages: what the server does meanwhile does not disturb it.
 */
export async function* checkStored(parts: CheckParts): AsyncGenerator<CheckFinding> {
  const counts: Counts = { accounts: 0, snapshots: 0, objects: 0, segments: 0, segmentBytes: 0, volumes: 0, problems: 0 };
  counts.accounts = (await parts.store.read('accounts')).length;
  for (const part of [checkSegments, checkObjects, checkLanes, checkRefs, checkRings, checkVolumes]) {
    for await (const finding of part(parts, counts)) {
      parts.signal.throwIfAborted();
      if (finding.kind === 'problem') counts.problems += 1;
      yield finding;
    }
  }
  yield { kind: 'summary', ...counts };
}

function problem(what: CheckSubject, { account, id, message }: { readonly account?: AccountId; readonly id: string; readonly message: string }): CheckProblem {
  return { kind: 'problem', what, account, id, message };
}

async function* checkSegments(parts: CheckParts, counts: Counts): AsyncGenerator<Finding> {
  const { store, disk, signal } = parts;
  let [after, located] = [0, 0];
  for (;;) {
    signal.throwIfAborted();
    const page = await store.read('segmentsToCheck', { after, bytesMax: pageBytesMax });
    const last = page.at(-1);
    if (last === undefined) break;
    const reasons = new Map<string, string>();
    const bytes = await readSegments(page, { disk, onFault: (volume, error) => reasons.set(volume, messageOf(error)) });
    for (const [i, segment] of page.entries()) {
      counts.segments += 1;
      counts.segmentBytes += segment.bytes;
      const found = checkSegment(segment, bytes[i], parts);
      if (found.message !== undefined) {
        const reason = segment.place.kind === 'volume' ? reasons.get(segment.place.volume) : undefined;
        yield problem('segment', { account: segment.account, id: toHex(segment.sha256), message: reason ?? found.message });
      }
      located += found.ids.length / objectIdBytes;
      for (const id of await store.read('unlocated', { segment: segment.segment, ids: found.ids })) {
        yield problem('object', { account: segment.account, id, message: `It is in segment ${toHex(segment.sha256)} and not located there.` });
      }
    }
    after = last.segment;
  }
  const locations = await store.read('locationsCount', { upTo: after });
  if (locations > located) yield problem('object', { id: '', message: `${locations - located} locations name segments that do not hold their object.` });
}

interface SegmentChecked {
  readonly message: string | undefined;
  /** 24 bytes each. */
  readonly ids: Uint8Array;
}

const noIds = new Uint8Array(0);

function checkSegment(segment: SegmentToCheck, bytes: Uint8Array | undefined, { hasher }: CheckParts): SegmentChecked {
  if (bytes === undefined) return { message: 'It cannot be read.', ids: noIds };
  if (bytes.length !== segment.bytes || !equalBytes(hasher.sha256(bytes), segment.sha256)) {
    return { message: 'Its bytes do not match its checksum.', ids: noIds };
  }
  try {
    const header = decodeSegmentHeader(bytes);
    const ids = concatBytes([...new Set(header.objects.map(({ id }) => id))].map(fromHex));
    const kept = header.content === 'trees' ? bytes.subarray(0, header.headerBytes) : undefined;
    const headerFits = kept === undefined ? segment.header === undefined : segment.header !== undefined && equalBytes(segment.header, kept);
    const message = headerFits && header.content === segment.content ? undefined : 'The header kept beside it is another one.';
    return { message, ids };
  } catch (error) {
    return { message: messageOf(error), ids: noIds };
  }
}

async function* checkObjects({ store, signal }: CheckParts, counts: Counts): AsyncGenerator<Finding> {
  let after: ObjectPosition | undefined;
  do {
    signal.throwIfAborted();
    const page: ObjectsChecked = await store.read('checkObjects', { after, limit: objectsPage });
    counts.objects += page.count;
    for (const { account, object, message } of page.faults) yield problem('object', { account, id: object, message });
    after = page.next;
  } while (after !== undefined);
}

async function* checkLanes(parts: CheckParts, counts: Counts): AsyncGenerator<Finding> {
  for (const lane of await parts.store.read('lanesToCheck')) yield* checkLane(lane, parts, counts);
}

async function* checkLane(lane: LaneToCheck, parts: CheckParts, counts: Counts): AsyncGenerator<Finding> {
  const { store, signal } = parts;
  let prev: SnapshotId | undefined;
  for (let n = 0; n < lane.headN; ) {
    signal.throwIfAborted();
    const page = await store.read('snapshotsToCheck', { lane: lane.lane, after: n, limit: snapshotsPage });
    if (page.length === 0) break;
    for (const snapshot of page.slice(0, lane.headN - n)) {
      counts.snapshots += 1;
      const message = checkSnapshot(snapshot, { lane, prev, n: n + 1, hasher: parts.hasher });
      if (message !== undefined) yield problem('snapshot', { account: lane.account, id: snapshot.record.id, message });
      prev = snapshot.record.id;
      n = snapshot.n;
    }
    yield* checkRoots(page, lane, { ...parts, trust: counts.problems > 0 ? 'nothing' : 'bits' });
  }
  if (prev !== lane.head) yield problem('lane', { account: lane.account, id: lane.id, message: 'Its head is not the last snapshot of its chain.' });
}

/** Once something is wrong, walks to the end, to say which snapshots it concerns. A stub keeps nothing alive. */
async function* checkRoots(
  page: readonly SnapshotToCheck[],
  { account, device }: LaneToCheck,
  { store, trust }: CheckParts & { readonly trust: 'bits' | 'nothing' },
): AsyncGenerator<Finding> {
  const kept = page.filter(({ record }) => record.sealed !== undefined);
  const counts = await store.read('missingUnder', { account, device, roots: kept.map(({ root }) => root), trust });
  for (const [i, missing] of counts.entries()) {
    if (missing > 0) yield problem('snapshot', { account, id: kept[i]!.record.id, message: `${missing} objects beneath its root are missing.` });
  }
}

interface ChainPlace {
  readonly lane: LaneToCheck;
  readonly prev: SnapshotId | undefined;
  readonly n: number;
  readonly hasher: Hasher;
}

function checkSnapshot({ record, rows, rowsIndexed, n, root, partial }: SnapshotToCheck, place: ChainPlace): string | undefined {
  const { hasher } = place;
  if (toHex(hasher.sha256(record.header, record.sealedHash)) !== record.id) return 'It does not match its id.';
  if (record.sealed !== undefined && !equalBytes(hasher.sha256(record.sealed), record.sealedHash)) return 'Its sealed part does not match its checksum.';
  try {
    const header = decodeSnapshotHeader(record.header);
    if (header.n !== place.n || n !== place.n || header.prev !== place.prev) return 'It does not continue the chain of its lane.';
    if (header.lane !== place.lane.id || header.root !== root || header.partial !== partial) return 'Its columns differ from its header.';
    if (record.sealed === undefined) return undefined;
    if (!equalBytes(hasher.sha256(rows), header.rowsHash)) return 'Its path rows do not match their checksum.';
    return decodePathRows(rows).length === rowsIndexed ? undefined : 'Some of its path rows are not in the index.';
  } catch (error) {
    return messageOf(error);
  }
}

async function* checkRefs({ store }: CheckParts): AsyncGenerator<Finding> {
  for (const { account, name, snapshot } of await store.read('danglingRefs')) {
    yield problem('ref', { account, id: snapshot, message: `The ref ${name} points to it, and it is not there.` });
  }
}

async function* checkRings({ store, openRing }: CheckParts): AsyncGenerator<Finding> {
  for (const { account, version, wrapped } of await store.read('rings')) {
    try {
      openRing(account, wrapped);
    } catch (error) {
      yield problem('ring', { account, id: String(version), message: messageOf(error) });
    }
  }
}

async function* checkVolumes({ store, disk, hasher, signal }: CheckParts, counts: Counts): AsyncGenerator<Finding> {
  const files = new Map((await disk.list()).map(({ name, bytes }) => [name, bytes]));
  for (const { name, bytes } of await store.read('volumes')) {
    const size = files.get(name);
    files.delete(name);
    if (bytes === 0) {
      if (size !== undefined && size > 0) yield { kind: 'note', what: 'volume', id: name, message: `Nothing refers to its ${size} bytes.` };
      continue;
    }
    counts.volumes += 1;
    if (size === undefined || size < bytes) {
      yield problem('volume', { id: name, message: size === undefined ? 'Its file is missing.' : 'Its file is too short.' });
      continue;
    }
    let read = 0;
    for await (const entry of readVolume(name, { disk, hasher, signal, bodies: 'records' })) {
      if (entry.kind === 'record') read = entry.end;
      // Behind what is referred to lies at most what a crash tore.
      else if (entry.offset < bytes) yield problem('volume', { id: name, message: `At ${entry.offset}: ${entry.message}` });
      if (read >= bytes) break;
    }
    if (size > read) yield { kind: 'note', what: 'volume', id: name, message: `${size - read} bytes at its end are not in use.` };
  }
  for (const [name, bytes] of files) yield { kind: 'note', what: 'volume', id: name, message: `The database does not know it, nor what its ${bytes} bytes are.` };
}
