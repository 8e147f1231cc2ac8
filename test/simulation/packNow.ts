import { concatBytes, encodeUtf8, toHex } from '../../base/bytes.ts';
import type { Compressor, Hasher } from '../../engine/ports/primitives.ts';
import type { Pack } from '../../engine/ports/repository.ts';
import type { PackId } from '../../protocol/ids.ts';

/** Compresses nothing, and so waits for no thread: the same seed takes the same turns. */
export const storingCompressor: Compressor = {
  preferred: 'stored',
  compress: async (_codec, bytes) => bytes,
  decompress: async (_codec, bytes) => bytes,
};

/** A pack as `encodePack` lays it out, made at once. Its checksums are zero: the server looks at SHA-256 only. */
export function packNow(segments: readonly Uint8Array[], hasher: Hasher): Pack {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [i, segment] of segments.entries()) {
    const name = encodeUtf8(`s/${i}`);
    const common = fields([10, 2], [0, 2], [0, 2], [0x210000, 4], [0, 4], [segment.length, 4], [segment.length, 4], [name.length, 2], [0, 2]);
    const local = concatBytes([fields([0x04034b50, 4]), common, name, segment]);
    directory.push(fields([0x02014b50, 4], [20, 2]), common, fields([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), name);
    parts.push(local);
    at += local.length;
  }
  const central = concatBytes(directory);
  const end = fields([0x06054b50, 4], [0, 2], [0, 2], [segments.length, 2], [segments.length, 2], [central.length, 4], [at, 4], [0, 2]);
  const bytes = concatBytes([...parts, central, end]);
  return { id: toHex(hasher.sha256(bytes)) as PackId, bytes };
}

/** Little-endian numbers with their lengths in bytes. */
function fields(...values: readonly (readonly [value: number, length: number])[]): Uint8Array {
  return Uint8Array.from(values.flatMap(([value, length]) => Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) & 0xff)));
}
