import { BackupError } from '../../../base/errors.ts';

/** How a segment's body is compressed; the number is what the header holds. Writers use zstd or deflate. */
export const codecs = { stored: 0, zstd: 1, deflate: 2 } as const;
export type CodecName = keyof typeof codecs;

const nameByCode: readonly (CodecName | undefined)[] = ['stored', 'zstd', 'deflate'];

/** Errors: `invalid` for a codec of a later version. */
export function parseCodec(code: number): CodecName {
  const name = nameByCode[code];
  if (name !== undefined) return name;
  throw new BackupError('invalid', `This segment has codec ${code}, which needs a newer version of Holdfast.`, {
    unsupported: `codec ${code}`,
  });
}
