import { byteStringOfText, bytesOfByteString, displayName, type BytePath } from '../../engine/core/byteString.ts';
import type { TreeEntry } from '../../engine/core/tree/treeTypes.ts';
import { toHex } from '../../base/bytes.ts';
import type { JsonDocument } from '../command.ts';
import { formatBytes, formatMode, formatTime } from './units.ts';

/** A path for programs: text, and the exact bytes in hex where text does not say them. */
export function pathFields(path: BytePath): JsonDocument {
  const text = displayName(path);
  return byteStringOfText(text) === path ? { path: text } : { path: text, pathHex: toHex(bytesOfByteString(path)) };
}

export function entryDocument(path: BytePath, entry: TreeEntry): JsonDocument {
  return {
    ...pathFields(path),
    kind: entry.kind,
    mode: entry.mode ?? null,
    mtimeNs: String(entry.mtimeNs),
    ...(entry.kind === 'file' ? { size: entry.size } : {}),
    ...(entry.kind === 'symlink' ? { target: displayName(entry.target) } : {}),
  };
}

/** One line of `ls`: mode, size, time, name. */
export function entryRow(path: BytePath, entry: TreeEntry): readonly string[] {
  const name = displayName(path);
  const shown = { file: name, directory: `${name}/`, symlink: entry.kind === 'symlink' ? `${name} -> ${displayName(entry.target)}` : '' };
  const size = entry.kind === 'file' ? formatBytes(entry.size) : '';
  return [formatMode(entry.mode), size, formatTime(Number(entry.mtimeNs / 1_000_000n)), shown[entry.kind]];
}
