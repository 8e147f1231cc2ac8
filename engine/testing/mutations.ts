/** Numbers from 0 to below 1, the same for the same seed. */
export function seededNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What decoders are fed: each sample damaged in ways that reach beyond the first check. Deterministic. */
export function* mutationsOf(
  samples: readonly Uint8Array[],
  { seed, count }: { readonly seed: number; readonly count: number },
): Generator<Uint8Array, void> {
  const next = seededNumbers(seed);
  const below = (n: number): number => Math.floor(next() * n);
  for (let i = 0; i < count; i++) {
    let bytes = samples[below(samples.length)]!;
    for (let times = 1 + below(3); times > 0; times--) {
      bytes = mutate(bytes, { below, other: samples[below(samples.length)]! });
    }
    yield bytes;
  }
}

/** Lengths, counts and heads that lie. */
const telling = [
  0x00, 0x01, 0x7f, 0x80, 0xff, 0x18, 0x1b, 0x3b, 0x5b, 0x7b, 0x9b, 0xbb, 0xfb, 0xf6, 0xf7, 0x9f, 0xa0, 0xc0,
];

interface Source {
  readonly below: (n: number) => number;
  readonly other: Uint8Array;
}

function mutate(bytes: Uint8Array, { below, other }: Source): Uint8Array {
  const at = below(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + below(8));
  switch (below(7)) {
    case 0: // flip a bit
      return splice(bytes, { at, to: at + 1, middle: Uint8Array.of((bytes[at] ?? 0) ^ (1 << below(8))) });
    case 1:
      return splice(bytes, { at, to: at + 1, middle: Uint8Array.of(telling[below(telling.length)]!) });
    case 2: // overwrite a field with the largest number
      return splice(bytes, { at, to: at + 4, middle: new Uint8Array(4).fill(255) });
    case 3: // remove
      return splice(bytes, { at, to, middle: new Uint8Array(0) });
    case 4: // insert
      return splice(bytes, { at, to: at, middle: Uint8Array.from({ length: 1 + below(8) }, () => below(256)) });
    case 5: // repeat
      return splice(bytes, { at, to: at, middle: bytes.subarray(at, to) });
    default: // cross over
      return splice(bytes, { at, to: bytes.length, middle: other.subarray(below(other.length + 1)) });
  }
}

function splice(
  bytes: Uint8Array,
  { at, to, middle }: { readonly at: number; readonly to: number; readonly middle: Uint8Array },
): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(to)]));
}
