import { ByteReader, concatBytes, encodeUtf8 } from '../../../base/bytes.ts';
import { BackupError } from '../../../base/errors.ts';
import type { Hasher } from '../../ports/primitives.ts';
import type { KeyRing } from './keyRing.ts';

/** Keys for one purpose each, 32 bytes each. */
export interface Keys {
  /** Names chunks, trees and lists. */
  readonly id: Uint8Array;
  /** Decides where large directories are split. */
  readonly split: Uint8Array;
  /** Names paths and origins. */
  readonly path: Uint8Array;
  /** The chunker's table: 256 numbers of 32 bits. */
  readonly gear: Uint32Array;
  /** The seal epoch to write with. */
  readonly epoch: number;
  /** Keys of one epoch. Errors: `denied` when the ring lacks it. */
  seal(epoch: number): Uint8Array;
  snapshot(epoch: number): Uint8Array;
}

const derivedKeyBytes = 32;
const gearEntries = 256;

/** HKDF-SHA-256 with no salt and info `holdfast/v1/<name>`. Source: docs/format.md § Keys. */
export function deriveKeys(ring: KeyRing, hasher: Hasher): Keys {
  const fromId = (name: string, bytes = derivedKeyBytes): Uint8Array =>
    hkdf(hasher, { key: ring.idMaster.key, name, bytes });
  const sealed = new Map(
    ring.sealMasters.map(({ epoch, key }) => [epoch, sealKeys(hasher, key)] as const),
  );
  const ofEpoch = (epoch: number): { readonly seal: Uint8Array; readonly snapshot: Uint8Array } => {
    const keys = sealed.get(epoch);
    if (keys === undefined) {
      throw new BackupError('denied', 'This was sealed with a key that is not in the key ring.', { epoch });
    }
    return keys;
  };
  return {
    id: fromId('id'),
    split: fromId('split'),
    path: fromId('path'),
    gear: gearTable(fromId('gear', 4 * gearEntries)),
    epoch: ring.sealMasters.at(-1)!.epoch,
    seal: (epoch) => ofEpoch(epoch).seal,
    snapshot: (epoch) => ofEpoch(epoch).snapshot,
  };
}

function sealKeys(hasher: Hasher, key: Uint8Array): { readonly seal: Uint8Array; readonly snapshot: Uint8Array } {
  return {
    seal: hkdf(hasher, { key, name: 'seal', bytes: derivedKeyBytes }),
    snapshot: hkdf(hasher, { key, name: 'snapshot', bytes: derivedKeyBytes }),
  };
}

/** RFC 5869. */
function hkdf(
  hasher: Hasher,
  { key, name, bytes }: { readonly key: Uint8Array; readonly name: string; readonly bytes: number },
): Uint8Array {
  const info = encodeUtf8(`holdfast/v1/${name}`);
  const extracted = hasher.hmacSha256(new Uint8Array(32), key);
  const blocks: Uint8Array[] = [];
  let last = new Uint8Array(0);
  for (let n = 1; 32 * blocks.length < bytes; n++) {
    last = new Uint8Array(hasher.hmacSha256(extracted, last, info, Uint8Array.of(n)));
    blocks.push(last);
  }
  return concatBytes(blocks).slice(0, bytes);
}

function gearTable(bytes: Uint8Array): Uint32Array {
  const reader = new ByteReader(bytes, 'gear table');
  return Uint32Array.from({ length: gearEntries }, () => reader.u32());
}
