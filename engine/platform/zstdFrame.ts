import { BackupError } from '../../base/errors.ts';

const magicNumber = 0xfd2fb528;
const smallestFrameBytes = 9;
/** What every decoder must accept (RFC 8878 § 3.1.1.1.2). */
const windowBytesAlways = 8 * 1024 * 1024;
const blockKindRepeated = 1;
const blockKindReserved = 3;
const checksumBytes = 4;

/**
 * Checks the frame of compressed bytes before a decoder allocates for it: one frame without a dictionary, nothing
 * behind it, a window no larger than 8 MiB or `bytesMax`. Errors: `corrupt`.
 * Source: RFC 8878 § 3.1.1.
 */
export function checkZstdFrame(bytes: Uint8Array, bytesMax: number): void {
  if (bytes.length < smallestFrameBytes) fail('too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magicNumber) fail('wrong magic number');
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0 || (descriptor & 0x03) !== 0) fail('unknown flags or a dictionary');
  const windowAt = 5;
  const contentSizeAt = singleSegment ? windowAt : windowAt + 1;
  const contentSize = contentSizeOf(view, { at: contentSizeAt, flag: descriptor >> 6, singleSegment });
  if (contentSize.value !== undefined && contentSize.value > bytesMax) fail('it would grow past its bound');
  if (!singleSegment && windowBytesOf(view.getUint8(windowAt)) > Math.max(windowBytesAlways, bytesMax)) fail('its window is too large');
  const end = endOfBlocks(bytes, contentSizeAt + contentSize.bytes) + ((descriptor & 0x04) === 0 ? 0 : checksumBytes);
  if (end !== bytes.length) fail(end < bytes.length ? 'bytes follow its frame' : 'it ends too early');
}

function windowBytesOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSizeOf(
  view: DataView,
  { at, flag, singleSegment }: { readonly at: number; readonly flag: number; readonly singleSegment: boolean },
): { readonly bytes: number; readonly value: number | undefined } {
  const bytes = flag === 0 ? Number(singleSegment) : 2 ** flag;
  if (at + bytes > view.byteLength) fail('it ends too early');
  switch (bytes) {
    case 0:
      return { bytes, value: undefined };
    case 1:
      return { bytes, value: view.getUint8(at) };
    case 2:
      return { bytes, value: view.getUint16(at, true) + 256 };
    case 4:
      return { bytes, value: view.getUint32(at, true) };
    default:
      return { bytes, value: Number(view.getBigUint64(at, true)) };
  }
}

function endOfBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let last = false; !last; ) {
    if (at + 3 > bytes.length) fail('it ends too early');
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const kind = (header >> 1) & 3;
    if (kind === blockKindReserved) fail('unknown kind of block');
    last = (header & 1) === 1;
    at += 3 + (kind === blockKindRepeated ? 1 : header >> 3);
  }
  return at;
}

function fail(reason: string): never {
  throw new BackupError('corrupt', `Compressed bytes are not zstd: ${reason}.`);
}
