import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { AbsolutePath, WholeFile } from '../ports/files.ts';
import { nativePath } from './nativePath.ts';
import { fileStatOf } from './nodeStat.ts';

const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads a small file with synchronous calls: 113,000 files/s against 7,600 with promises (bench-anchors). Callers keep
 * `bytesMax` small, so that no call lasts longer than a turn of the event loop may.
 */
export async function readWhole(path: AbsolutePath, bytesMax: number): Promise<WholeFile | undefined> {
  const file = openSync(nativePath(path), flags);
  try {
    const before = fileStatOf(fstatSync(file, { bigint: true }));
    if (before.kind !== 'file' || before.size > bytesMax) return undefined;
    const bytes = readUpTo(file, { expected: before.size, bytesMax });
    if (bytes === undefined) return undefined;
    return { before, after: fileStatOf(fstatSync(file, { bigint: true })), bytes };
  } finally {
    closeSync(file);
  }
}

/** Reads to the end; one byte more than expected is asked for, so that growth shows. */
function readUpTo(
  file: number,
  { expected, bytesMax }: { readonly expected: number; readonly bytesMax: number },
): Uint8Array | undefined {
  let bytes = new Uint8Array(expected + 1);
  for (let done = 0; ; ) {
    const count = readSync(file, bytes, done, bytes.length - done, done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
    if (done > bytesMax) return undefined;
    if (done < bytes.length) continue;
    const grown = new Uint8Array(Math.min(bytesMax + 1, bytes.length * 2));
    grown.set(bytes);
    bytes = grown;
  }
}
