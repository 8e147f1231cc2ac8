import { encodeUtf8, fromHex, toHex } from '../../../base/bytes.ts';
import { objectIdBytes } from '../../../protocol/ids.ts';
import type { OriginId, PathId, WorkspaceId } from '../../../protocol/ids.ts';
import { bytesOfByteString } from '../byteString.ts';
import type { BytePath } from '../byteString.ts';
import type { HashContext } from '../formatContext.ts';

/** The first 24 bytes of HMAC(path key, workspace ‖ path bytes). The same path of two workspaces has two ids. */
export function pathId(workspace: WorkspaceId, path: BytePath, { hasher, keys }: HashContext): PathId {
  const hash = hasher.hmacSha256(keys.path, fromHex(workspace), bytesOfByteString(path));
  return toHex(hash.subarray(0, objectIdBytes)) as PathId;
}

/**
 * One folder of one host: the first 24 bytes of HMAC(path key, host id ‖ 0 ‖ absolute path).
 * `absolutePath` is a byte string (AbsolutePath), without a slash at its end. Errors: `invalid` when it is not.
 */
export function originId(hostId: string, absolutePath: string, { hasher, keys }: HashContext): OriginId {
  const parts = [encodeUtf8(hostId), Uint8Array.of(0), bytesOfByteString(absolutePath)];
  return toHex(hasher.hmacSha256(keys.path, ...parts).subarray(0, objectIdBytes)) as OriginId;
}
