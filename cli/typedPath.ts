import { byteStringFrom, bytesOfByteString, type BytePath } from '../engine/core/byteString.ts';
import { parseSnapshotName, parseStoredPath, type SnapshotName } from '../engine/run/read/snapshots.ts';
import { asUsage } from './arguments.ts';

/** `SNAPSHOT` or `SNAPSHOT:PATH` as typed. Errors: UsageError. */
export function parseTypedSnapshot(text: string): SnapshotName {
  const { snapshot, path } = asUsage(() => parseSnapshotName(text));
  return { snapshot: snapshot.toLowerCase(), path: unescapeBytes(path) };
}

/** A path inside a workspace as typed. Errors: UsageError. */
export function parseTypedPath(text: string): BytePath {
  return unescapeBytes(asUsage(() => parseStoredPath(text)));
}

/** Bytes that cannot be typed are written `\xNN`, as listings show them (`displayName`). */
function unescapeBytes(path: BytePath): BytePath {
  const text = path.replace(/\\x([01][0-9a-f]|7f|[89a-f][0-9a-f])/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return byteStringFrom(bytesOfByteString(text));
}
