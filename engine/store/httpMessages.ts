import { createHash } from 'node:crypto';
import { decodeUtf8, equalBytes, toHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import type { RingAnswer } from '../../protocol/messages/account.ts';
import { parseCommitAnswer, type HistoryRowMessage, type SnapshotMessage } from '../../protocol/messages/snapshots.ts';
import type { LaneMessage, WorkspaceMessage } from '../../protocol/messages/workspaces.ts';
import { changeKinds, type ChangeKind, type SnapshotRecord } from '../core/snapshot/snapshotTypes.ts';
import type { StoredRing } from '../ports/keyStore.ts';
import type { CommitResult, HistoryRow, LaneInfo, StoredSnapshot, WorkspaceInfo } from '../ports/repository.ts';
import { parseAnswer, problemIn, type Answer } from './httpConnection.ts';

// Messages say null and base64 where the port says undefined and bytes.

export function workspaceOf({ latest, ...workspace }: WorkspaceMessage): WorkspaceInfo {
  return { ...workspace, latest: latest ?? undefined };
}

export function laneOf({ head, ...lane }: LaneMessage): LaneInfo {
  return { ...lane, head: head ?? undefined };
}

/** Errors: `corrupt` when the record is not what its id says. */
export function storedSnapshotOf(message: SnapshotMessage): StoredSnapshot {
  const { workspace, seq, receivedAt, deviceName, id, header, sealed, sealedHash } = message;
  const record = {
    id,
    header: bytesOf(header),
    sealed: sealed === null ? undefined : bytesOf(sealed),
    sealedHash: bytesOf(sealedHash),
  };
  checkRecord(record);
  return { workspace, seq, receivedAt, deviceName, record };
}

/** As everything fetched: who asks for one snapshot must not be given another, nor another one's details. */
function checkRecord({ id, header, sealed, sealedHash }: SnapshotRecord): void {
  const idFits = toHex(sha256(header, sealedHash)) === id;
  if (idFits && (sealed === undefined || equalBytes(sha256(sealed), sealedHash))) return;
  throw new BackupError('corrupt', 'The server answered with a snapshot that does not match its id.', { id });
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function historyRowOf({ kind, from, ...row }: HistoryRowMessage): HistoryRow {
  if (!isChangeKind(kind)) throw new BackupError('corrupt', 'The server tells of a kind of change that is not known here.', { kind });
  return { ...row, kind, from: from ?? undefined };
}

function isChangeKind(kind: string): kind is ChangeKind {
  return Object.hasOwn(changeKinds, kind);
}

export function ringOf({ ring }: RingAnswer): StoredRing | undefined {
  return ring === null ? undefined : { ...ring, bytes: bytesOf(ring.bytes) };
}

/** Also of the problem documents that are answers: `stale` (409) and `missing` (422). Other problems are thrown. */
export function commitResultOf(answer: Answer): CommitResult {
  if (answer.status >= 400 && !hasKind(answer)) throw problemIn(answer);
  const message = parseAnswer(answer, parseCommitAnswer);
  switch (message.kind) {
    case 'committed':
      return { ...message, ref: message.ref ?? undefined };
    case 'stale':
      return { ...message, head: message.head ?? undefined };
    case 'missing':
      return message;
    default:
      return message satisfies never;
  }
}

function hasKind({ bytes }: Answer): boolean {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes));
    return typeof value === 'object' && value !== null && 'kind' in value;
  } catch {
    return false; // not JSON, thus not this server's: its status decides
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}
