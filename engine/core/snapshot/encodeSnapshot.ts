import { concatBytes, toHex } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { snapshotSealedBytesMax } from '../../../protocol/limits.ts';
import type { Hasher } from '../../ports/primitives.ts';
import type { FormatContext } from '../formatContext.ts';
import { saltBytes, sealTagBytes } from '../segment/segmentHeader.ts';
import { decodeSnapshotDetails, encodeSnapshotDetails } from './snapshotDetails.ts';
import { decodeSnapshotHeader, encodeSnapshotHeader } from './snapshotHeader.ts';
import type { SnapshotDetails, SnapshotHeader, SnapshotRecord } from './snapshotTypes.ts';

/** What the writer decides; the seal epoch is the keys'. */
export type NewSnapshotHeader = Omit<SnapshotHeader, 'epoch'>;

/** Makes a snapshot's bytes, once. Random: the salt, so the same snapshot made twice has two ids. */
export function encodeSnapshot(
  header: NewSnapshotHeader,
  details: SnapshotDetails,
  context: FormatContext,
): SnapshotRecord {
  const { epoch } = context.keys;
  const headerBytes = encodeSnapshotHeader({ ...header, epoch });
  const salt = context.random.bytes(saltBytes);
  const key = snapshotKey({ epoch, salt }, context);
  const sealed = concatBytes([salt, context.sealer.seal(key, headerBytes, encodeSnapshotDetails(details))]);
  if (sealed.length > snapshotSealedBytesMax) throw new BackupError('limit', 'A snapshot says too much.');
  return makeRecord({ header: headerBytes, sealed }, context.hasher);
}

/** Errors: `not-found` for a stub, `corrupt` when altered, `denied` when the ring lacks its key, `invalid`. */
export function openSnapshotDetails(record: SnapshotRecord, context: FormatContext): SnapshotDetails {
  const { header, sealed } = record;
  if (sealed === undefined) throw new BackupError('not-found', 'This snapshot was thinned: only its stub is left.');
  if (sealed.length < saltBytes + sealTagBytes || sealed.length > snapshotSealedBytesMax) {
    throw new BackupError('corrupt', 'A snapshot has details of a length that cannot be.');
  }
  const { epoch } = decodeSnapshotHeader(header);
  const key = snapshotKey({ epoch, salt: sealed.subarray(0, saltBytes) }, context);
  return decodeSnapshotDetails(context.sealer.open(key, header, sealed.subarray(saltBytes)));
}

/** The record of bytes as they were made: hashes, and so the id, follow. */
export function makeRecord(
  { header, sealed }: { readonly header: Uint8Array; readonly sealed: Uint8Array },
  hasher: Hasher,
): SnapshotRecord {
  const sealedHash = hasher.sha256(sealed);
  return { id: snapshotId({ header, sealedHash }, hasher), header, sealed, sealedHash };
}

/** What thinning leaves. The id stays. */
export function stubOf({ id, header, sealedHash }: SnapshotRecord): SnapshotRecord {
  return { id, header, sealed: undefined, sealedHash };
}

/** SHA-256(header ‖ SHA-256(sealed)). */
export function snapshotId(
  { header, sealedHash }: Pick<SnapshotRecord, 'header' | 'sealedHash'>,
  hasher: Hasher,
): SnapshotId {
  return toHex(hasher.sha256(header, sealedHash)) as SnapshotId;
}

function snapshotKey(
  { epoch, salt }: { readonly epoch: number; readonly salt: Uint8Array },
  { hasher, keys }: FormatContext,
): Uint8Array {
  return hasher.hmacSha256(keys.snapshot(epoch), salt);
}
