/** How a segment's body is compressed; the number is what the header holds. Writers use zstd or deflate. */
export const codecs = { stored: 0, zstd: 1, deflate: 2 } as const;
export type CodecName = keyof typeof codecs;
