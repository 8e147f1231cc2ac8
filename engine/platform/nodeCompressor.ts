import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { concatBytes } from '../../base/bytes.ts';
import type { CodecName } from '../core/segment/codec.ts';
import type { Compressor } from '../ports/primitives.ts';
import { checkZstdFrame } from './zstdFrame.ts';

/** Measured on source trees: level 3 of zstd and 6 of deflate keep up with the disk; more costs time for few bytes. */
const zstdLevel = 3;
const deflateLevel = 6;
const outputChunkBytesMin = 16 * 1024;
const outputChunkBytesMax = 4 * 1024 * 1024;
const windowLogMin = 23;
const windowLogMax = 27;

/** What is used of node:zlib; the zstd half is absent before Node 22.15, so it is probed and never named in an import. */
type Zstd = Pick<typeof zlib, 'zstdCompress' | 'zstdDecompress'>;

/** Compresses on zlib's threads. `zstd: 'absent'` behaves as on a runtime without zstd (for tests). */
export function nodeCompressor({ zstd = 'probe' }: { readonly zstd?: 'probe' | 'absent' } = {}): Compressor {
  const native = zstd === 'probe' ? probeZstd() : undefined;
  return {
    preferred: native === undefined ? 'deflate' : 'zstd',
    async compress(codec, bytes) {
      switch (codec) {
        case 'stored':
          return bytes;
        case 'zstd':
          return await compressZstd(native, bytes);
        case 'deflate':
          return await compressDeflate(bytes);
        default:
          return codec satisfies never;
      }
    },
    async decompress(codec, bytes, bytesMax) {
      try {
        return await decompressBy(codec, { bytes, bytesMax, native });
      } catch (cause) {
        if (isBackupError(cause)) throw cause;
        throw new BackupError('corrupt', `Compressed bytes are not ${codec} of at most ${bytesMax} bytes.`, {}, { cause });
      }
    },
  };
}

function probeZstd(): Zstd | undefined {
  const present: Partial<Zstd> = zlib;
  const { zstdCompress, zstdDecompress } = present;
  return zstdCompress === undefined || zstdDecompress === undefined ? undefined : { zstdCompress, zstdDecompress };
}

async function compressZstd(native: Zstd | undefined, bytes: Uint8Array): Promise<Uint8Array> {
  if (native === undefined) throw new BackupError('invalid', 'This runtime reads zstd but cannot write it.');
  const options = {
    chunkSize: clampChunk(bytes.length + (bytes.length >> 8) + 64),
    params: { [zlib.constants.ZSTD_c_compressionLevel]: zstdLevel, [zlib.constants.ZSTD_c_checksumFlag]: 0 },
  };
  return await settle((done) => native.zstdCompress(bytes, options, done));
}

async function compressDeflate(bytes: Uint8Array): Promise<Uint8Array> {
  const options = { chunkSize: clampChunk(bytes.length + (bytes.length >> 10) + 64), level: deflateLevel };
  return await settle((done) => zlib.deflate(bytes, options, done));
}

interface Decompression {
  readonly bytes: Uint8Array;
  readonly bytesMax: number;
  readonly native: Zstd | undefined;
}

async function decompressBy(codec: CodecName, { bytes, bytesMax, native }: Decompression): Promise<Uint8Array> {
  // Node takes no bound of 0, and decides by chunk: what is longer is refused here.
  const maxOutputLength = Math.max(1, bytesMax);
  const chunkSize = clampChunk(Math.min(bytesMax, bytes.length * 4));
  switch (codec) {
    case 'stored':
      return checkLength(bytes, bytesMax);
    case 'deflate':
      return checkLength(await settle((done) => zlib.inflate(bytes, { maxOutputLength, chunkSize }, done)), bytesMax);
    case 'zstd': {
      checkZstdFrame(bytes, bytesMax);
      if (native === undefined) return decompressFallback(bytes, bytesMax);
      const log = Math.min(windowLogMax, Math.max(windowLogMin, Math.ceil(Math.log2(maxOutputLength))));
      const options = { maxOutputLength, chunkSize, params: { [zlib.constants.ZSTD_d_windowLogMax]: log } };
      return checkLength(await settle((done) => native.zstdDecompress(bytes, options, done)), bytesMax);
    }
    default:
      return codec satisfies never;
  }
}

function decompressFallback(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((part) => {
    length += part.length;
    if (length > bytesMax) throw new BackupError('corrupt', `Compressed bytes grow past ${bytesMax}.`);
    parts.push(part.slice());
  });
  stream.push(bytes, true);
  return concatBytes(parts);
}

function checkLength(bytes: Uint8Array, bytesMax: number): Uint8Array {
  if (bytes.length > bytesMax) throw new BackupError('corrupt', `Bytes grow past ${bytesMax}.`);
  return bytes;
}

function clampChunk(bytes: number): number {
  return Math.min(outputChunkBytesMax, Math.max(outputChunkBytesMin, bytes));
}

async function settle(start: (done: (error: Error | null, result: Buffer) => void) => void): Promise<Uint8Array> {
  const result = await new Promise<Buffer>((resolve, reject) => {
    start((error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
  // zlib answers a piece of the chunk it filled; a short answer must not keep a long chunk alive.
  if (result.buffer.byteLength > 2 * result.length) return new Uint8Array(result);
  return new Uint8Array(result.buffer, result.byteOffset, result.length);
}
