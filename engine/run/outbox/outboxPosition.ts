import { decodeUtf8, encodeUtf8 } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import { parseSnapshotId, parseTreeId } from '../../../protocol/ids.ts';
import type { SnapshotId, TreeId } from '../../../protocol/ids.ts';

/** The state of the folder that a snapshot stands for. */
export interface LaneTip {
  readonly n: number;
  readonly id: SnapshotId;
  readonly root: TreeId;
  readonly partial: boolean;
}

export interface AcknowledgedTip extends LaneTip {
  readonly seq: number;
}

/** Where the queue stands; the one file that is replaced. */
export interface Position {
  readonly generation: number;
  /** Items up to this number were accepted. */
  readonly acceptedThrough: number;
  readonly acknowledged: AcknowledgedTip | undefined;
}

export const positionName = 'position.json';
const positionVersion = 1;
export const startPosition: Position = { generation: 1, acceptedThrough: 0, acknowledged: undefined };

export function encodePosition(position: Position): Uint8Array {
  return encodeUtf8(JSON.stringify({ version: positionVersion, ...position }));
}

/** Undefined when the disk damaged it: everything here is a cache of what the folder holds, so it starts over. */
export function parsePosition(bytes: Uint8Array | undefined): Position | undefined {
  if (bytes === undefined) return startPosition;
  try {
    const { version, generation, acceptedThrough, acknowledged } = JSON.parse(decodeUtf8(bytes)) as Record<string, unknown>;
    if (version !== positionVersion || !isCount(generation) || !isCount(acceptedThrough)) return undefined;
    return { generation, acceptedThrough, acknowledged: parseTip(acknowledged) };
  } catch {
    // Not JSON, or not of our shape.
    return undefined;
  }
}

function parseTip(value: unknown): AcknowledgedTip | undefined {
  if (value === undefined) return undefined;
  const { n, id, root, seq, partial } = value as Record<string, unknown>;
  if (!isCount(n) || !isCount(seq)) throw new BackupError('corrupt', 'The position of the outbox cannot be read.');
  return { n, seq, id: parseSnapshotId(id), root: parseTreeId(root), partial: partial === true };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
