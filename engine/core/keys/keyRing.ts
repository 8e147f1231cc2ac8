import { encodeUtf8, toHex } from '../../../base/bytes.ts';
import { ringBytesMax } from '../../../protocol/limits.ts';
import type { Hasher, Random } from '../../ports/primitives.ts';
import { decodeCanonical, encodeCanonical } from '../canonicalCbor.ts';
import { checkVersion, malformed, readArray, readFixedBytes, readMap, readUint } from '../cborFields.ts';

/** An account's secrets. Everything else is derived from them (deriveKeys.ts). */
export interface KeyRing {
  /** → id, split, path and gear keys; changes only in a full rotation. */
  readonly idMaster: MasterKey;
  /** → seal and snapshot keys; the last one seals, all of them open. Epochs rise. */
  readonly sealMasters: readonly MasterKey[];
}

export interface MasterKey {
  /** Counts from 1. */
  readonly epoch: number;
  /** 32 random bytes. */
  readonly key: Uint8Array;
}

export const keyRingVersion = 1;
const masterKeyBytes = 32;
const epochMax = 0xffff_ffff;
const sealMastersMax = 256;

export function createKeyRing(random: Random): KeyRing {
  return {
    idMaster: { epoch: 1, key: random.bytes(masterKeyBytes) },
    sealMasters: [{ epoch: 1, key: random.bytes(masterKeyBytes) }],
  };
}

/** Canonical CBOR `{v, id: [epoch, key], seal: [[epoch, key], …]}`. Secret: it is only ever stored wrapped. */
export function encodeKeyRing({ idMaster, sealMasters }: KeyRing): Uint8Array<ArrayBuffer> {
  return encodeCanonical({
    v: keyRingVersion,
    id: [idMaster.epoch, idMaster.key],
    seal: sealMasters.map(({ epoch, key }) => [epoch, key]),
  });
}

/** Errors: `invalid` for anything but a ring, also for one of a later version. */
export function decodeKeyRing(bytes: Uint8Array): KeyRing {
  if (bytes.length > ringBytesMax) malformed(what, `more than ${ringBytesMax} bytes`);
  const map = readMap(decodeCanonical(bytes, what), what, ['v', 'id', 'seal']);
  checkVersion(map.get('v'), what, keyRingVersion);
  const sealMasters = readArray(map.get('seal'), what, sealMastersMax).map(readMaster);
  if (sealMasters.length === 0) malformed(what, 'no seal master');
  for (let i = 1; i < sealMasters.length; i++) {
    if (sealMasters[i]!.epoch <= sealMasters[i - 1]!.epoch) malformed(what, 'seal epochs do not rise');
  }
  return { idMaster: readMaster(map.get('id')), sealMasters };
}

/** Names a ring without telling it: hex of 32 bytes. Clients pin it at first use. */
export function keyRingFingerprint(ring: KeyRing, hasher: Hasher): string {
  return toHex(hasher.sha256(encodeUtf8('holdfast/v1/fingerprint'), encodeKeyRing(ring)));
}

const what = 'key ring';

function readMaster(value: unknown): MasterKey {
  const [epoch, key] = readArray(value, what, 2);
  const master = { epoch: readUint(epoch, what, epochMax), key: readFixedBytes(key, what, masterKeyBytes) };
  if (master.epoch === 0) malformed(what, 'an epoch of 0');
  return master;
}
