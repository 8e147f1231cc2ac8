import { fromHex, toHex } from '../../../base/bytes.ts';
import { objectIdBytes, randomIdBytes, snapshotIdBytes } from '../../../protocol/ids.ts';
import type { DeviceId, LaneId, SnapshotId, TreeId, WorkspaceId } from '../../../protocol/ids.ts';
import { snapshotHeaderBytesMax, snapshotParentsMax } from '../../../protocol/limits.ts';
import { decodeCanonical, encodeCanonical } from '../canonicalCbor.ts';
import {
  checkVersion,
  malformed,
  readArray,
  readFixedBytes,
  readMap,
  readOptional,
  readUint,
  unsupported,
} from '../cborFields.ts';
import { triggers } from './snapshotTypes.ts';
import type { SnapshotHeader, Trigger } from './snapshotTypes.ts';

const version = 1;
const flagPartial = 1;
/** A reader who does not know one of these flags must not go on; those above may be passed over. */
const flagsMandatory = 0xff;
const flagsMax = 0xffff;
const epochMax = 0xffff_ffff;
const hashBytes = 32;
const what = 'snapshot';

/** Canonical CBOR; made once by the writer, then stored and sent verbatim. Errors: `invalid`. */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array<ArrayBuffer> {
  const bytes = encodeCanonical({
    v: version,
    workspace: fromHex(header.workspace),
    lane: fromHex(header.lane),
    n: header.n,
    prev: header.prev === undefined ? null : fromHex(header.prev),
    parents: header.parents.map(fromHex),
    root: fromHex(header.root),
    trigger: triggers[header.trigger],
    flags: header.partial ? flagPartial : 0,
    device: fromHex(header.device),
    time: header.time,
    epoch: header.epoch,
    rows: header.rowsHash,
  });
  decodeSnapshotHeader(bytes);
  return bytes;
}

/** Needs no keys. Errors: `invalid` for anything but a header, also for one of a later version. */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader {
  if (bytes.length > snapshotHeaderBytesMax) malformed(what, `a header of more than ${snapshotHeaderBytesMax} bytes`);
  const map = readMap(decodeCanonical(bytes, what), what, []);
  checkVersion(map.get('v'), what, version);
  const flags = readUint(map.get('flags'), what, flagsMax);
  const unknown = flags & flagsMandatory & ~flagPartial;
  if (unknown !== 0) unsupported(what, `flags 0x${unknown.toString(16)}`);
  const header: SnapshotHeader = {
    workspace: readRandomId<WorkspaceId>(map.get('workspace')),
    lane: readRandomId<LaneId>(map.get('lane')),
    n: readUint(map.get('n'), what),
    prev: readOptional(map.get('prev'), readSnapshotId),
    parents: readArray(map.get('parents'), what, snapshotParentsMax).map(readSnapshotId),
    root: toHex(readFixedBytes(map.get('root'), what, objectIdBytes)) as TreeId,
    trigger: readTrigger(map.get('trigger')),
    partial: (flags & flagPartial) !== 0,
    device: readRandomId<DeviceId>(map.get('device')),
    time: readUint(map.get('time'), what),
    epoch: readUint(map.get('epoch'), what, epochMax),
    rowsHash: readFixedBytes(map.get('rows'), what, hashBytes),
  };
  checkHeader(header);
  return header;
}

function checkHeader({ n, prev, parents, epoch }: SnapshotHeader): void {
  if (n < 1 || (n === 1) !== (prev === undefined)) malformed(what, 'its place in the lane cannot be');
  if (new Set(parents).size !== parents.length) malformed(what, 'a parent twice');
  if (epoch < 1) malformed(what, 'an epoch of 0');
}

function readRandomId<T extends WorkspaceId | LaneId | DeviceId>(value: unknown): T {
  return toHex(readFixedBytes(value, what, randomIdBytes)) as T;
}

function readSnapshotId(value: unknown): SnapshotId {
  return toHex(readFixedBytes(value, what, snapshotIdBytes)) as SnapshotId;
}

const triggerByCode = new Map<number, Trigger>(
  (Object.keys(triggers) as Trigger[]).map((trigger) => [triggers[trigger], trigger]),
);

function readTrigger(value: unknown): Trigger {
  const code = readUint(value, what, 0xff);
  return triggerByCode.get(code) ?? unsupported(what, `trigger ${code}`);
}
