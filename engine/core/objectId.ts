import { ByteWriter, fromHex, toHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import { objectIdBytes, objectKinds } from '../../protocol/ids.ts';
import type { ObjectId, ObjectKind } from '../../protocol/ids.ts';
import type { HashContext } from './formatContext.ts';
import type { PlainObject } from './segment/segmentTypes.ts';

/** What an id is made of. */
export type ObjectContent = Omit<PlainObject, 'id'>;

/**
 * The first 24 bytes of HMAC-SHA-256(id key, …): for a chunk kind ‖ content, for trees and lists
 * kind ‖ u16 n ‖ n child ids ‖ body. So a reader of the body detects an altered child list.
 */
export function objectId({ kind, children, body }: ObjectContent, { hasher, keys }: HashContext): ObjectId {
  const hash = hasher.hmacSha256(keys.id, idPrefix(kind, children), body);
  return toHex(hash.subarray(0, objectIdBytes)) as ObjectId;
}

/** Errors: `corrupt` when the object is not what its id says. */
export function verifyObject(object: PlainObject, context: HashContext): void {
  if (objectId(object, context) === object.id) return;
  throw new BackupError('corrupt', `A ${object.kind} does not match its id.`, { id: object.id });
}

function idPrefix(kind: ObjectKind, children: readonly ObjectId[]): Uint8Array {
  if (kind === 'chunk') return Uint8Array.of(objectKinds.chunk);
  const writer = new ByteWriter(3 + objectIdBytes * children.length).u8(objectKinds[kind]);
  return writeChildren(writer, children).written();
}

/** u16 n ‖ n × 24 bytes: as in the id and in a segment's header. */
export function writeChildren(writer: ByteWriter, children: readonly ObjectId[]): ByteWriter {
  writer.u16(children.length);
  for (const child of children) writer.bytes(fromHex(child));
  return writer;
}
