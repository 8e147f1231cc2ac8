import { BackupError } from '../base/errors.ts';

/**
 * Ids are lower-case hex in memory and in JSON, raw bytes on disk and in binary bodies. Branded, so that a pack
 * id cannot pass for a chunk id.
 */
declare const idBrand: unique symbol;
type Id<Brand extends string> = string & { readonly [idBrand]: Brand };

/** 24 bytes: the start of HMAC-SHA-256(idKey, kind ‖ …). The kind is part of the hash, so ids of kinds never meet. */
export type ObjectId = ChunkId | TreeId | ListId;
export type ChunkId = Id<'chunk'>;
export type TreeId = Id<'tree'>;
export type ListId = Id<'list'>;
/** 24 bytes: HMAC(pathKey, workspace ‖ path bytes). */
export type PathId = Id<'path'>;
/** 24 bytes: HMAC(pathKey, host id ‖ absolute path): one folder of one host. */
export type OriginId = Id<'origin'>;
/** 32 bytes: SHA-256(header ‖ SHA-256(sealed)). */
export type SnapshotId = Id<'snapshot'>;
/** 32 bytes: SHA-256 of the whole pack. */
export type PackId = Id<'pack'>;
/** 16 random bytes each. */
export type WorkspaceId = Id<'workspace'>;
export type LaneId = Id<'lane'>;
export type DeviceId = Id<'device'>;
export type AccountId = Id<'account'>;
/** 16 random bytes made when a server's data is first made (or rebuilt): its incarnation. */
export type InstanceId = Id<'instance'>;

export const objectIdBytes = 24;
export const snapshotIdBytes = 32;
export const randomIdBytes = 16;

const hexPattern = /^[0-9a-f]+$/;

function parser<T extends string>(what: string, bytes: number): (text: unknown) => T {
  return (text) => {
    if (typeof text !== 'string' || text.length !== 2 * bytes || !hexPattern.test(text)) {
      throw new BackupError('invalid', `Not a ${what} id: ${2 * bytes} hex digits were expected.`);
    }
    return text as T;
  };
}

/** Parsers of ids from outside. Errors: `invalid`. */
export const parseObjectId = parser<ObjectId>('object', objectIdBytes);
export const parseTreeId = parser<TreeId>('tree', objectIdBytes);
export const parsePathId = parser<PathId>('path', objectIdBytes);
export const parseOriginId = parser<OriginId>('origin', objectIdBytes);
export const parseSnapshotId = parser<SnapshotId>('snapshot', snapshotIdBytes);
export const parsePackId = parser<PackId>('pack', snapshotIdBytes);
export const parseWorkspaceId = parser<WorkspaceId>('workspace', randomIdBytes);
export const parseLaneId = parser<LaneId>('lane', randomIdBytes);
export const parseDeviceId = parser<DeviceId>('device', randomIdBytes);
export const parseAccountId = parser<AccountId>('account', randomIdBytes);
export const parseInstanceId = parser<InstanceId>('instance', randomIdBytes);

/** What an object is; the number is what format and hash use. */
export const objectKinds = { chunk: 1, tree: 2, list: 3 } as const;
export type ObjectKind = keyof typeof objectKinds;

const kindByCode: readonly (ObjectKind | undefined)[] = [undefined, 'chunk', 'tree', 'list'];

/** Errors: `invalid` for an unknown code. */
export function parseObjectKind(code: number): ObjectKind {
  const kind = kindByCode[code];
  if (kind === undefined) throw new BackupError('invalid', `Unknown object kind ${code}.`);
  return kind;
}
