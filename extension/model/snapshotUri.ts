import { BackupError } from '../../base/errors.ts';
import { fromHex, toHex } from '../../base/bytes.ts';
import { byteStringFrom, byteStringOfText, bytesOfByteString, displayName } from '../../engine/core/byteString.ts';
import type { SnapshotPath } from '../messages/engineCalls.ts';
import { parseSnapshotId } from '../../protocol/ids.ts';

export const snapshotScheme = 'holdfast';

/** The parts of an address of something in a snapshot: `holdfast://SNAPSHOT/path/in/it`. */
export interface SnapshotUriParts {
  readonly authority: string;
  readonly path: string;
  /** The exact bytes of the path in hex, where text does not say them. */
  readonly query: string;
}

export function snapshotUriParts({ snapshot, path }: SnapshotPath): SnapshotUriParts {
  const text = displayName(path);
  return { authority: snapshot, path: `/${text}`, query: byteStringOfText(text) === path ? '' : toHex(bytesOfByteString(path)) };
}

/** Errors: `invalid` for anything that `snapshotUriParts` does not make. */
export function parseSnapshotUri({ authority, path, query }: SnapshotUriParts): SnapshotPath {
  const text = path.replace(/^\/+|\/+$/g, '');
  if (text.split('/').includes('..')) throw new BackupError('invalid', 'This address names nothing in a snapshot.');
  const exact = /^(?:[0-9a-f]{2})+$/.test(query) ? byteStringFrom(fromHex(query)) : byteStringOfText(text);
  return { snapshot: parseSnapshotId(authority), path: exact };
}
