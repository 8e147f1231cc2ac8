import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes, toHex } from '../../base/bytes.ts';
import { isBackupError } from '../../base/errors.ts';
import type { ObjectId, PathId } from '../../protocol/ids.ts';
import { chunkBytesMax, nodeBodyBytesMax, ringBytesMax, segmentBytesMax } from '../../protocol/limits.ts';
import { mutationsOf, seededNumbers } from '../testing/mutations.ts';
import { sampleDetails, sampleHeader, sampleObjects } from '../testing/formatSamples.ts';
import { seededRandom } from '../testing/seededRandom.ts';
import { testContext } from '../testing/testContext.ts';
import { createKeyRing, decodeKeyRing, encodeKeyRing } from './keys/keyRing.ts';
import { decodeListNode, encodeListNode } from './list/listNode.ts';
import { decodePack, encodePack } from './pack/pack.ts';
import { decodeSegmentHeader, openSegment } from './segment/decodeSegment.ts';
import { encodeSegment } from './segment/encodeSegment.ts';
import { encodeSegmentHeader } from './segment/segmentHeader.ts';
import type { PlainObject } from './segment/segmentTypes.ts';
import { encodeSnapshot, openSnapshotDetails } from './snapshot/encodeSnapshot.ts';
import { decodePathRows, encodePathRows } from './snapshot/pathRows.ts';
import { decodeSnapshotDetails, encodeSnapshotDetails } from './snapshot/snapshotDetails.ts';
import { decodeSnapshotHeader, encodeSnapshotHeader } from './snapshot/snapshotHeader.ts';
import { decodeSnapshotRecord, encodeSnapshotRecord } from './snapshot/snapshotRecord.ts';
import { decodeTreeNode, encodeTreeNode } from './tree/treeNode.ts';

/** More in the slow run (test/slow/decoders.test.ts). */
const mutationsEach = Number(process.env['FUZZ_MUTATIONS'] ?? 1500);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

const context = testContext();
const { hasher } = context;
const objects = sampleObjects(context);
const trees = objects.filter(({ kind }) => kind === 'tree');
const lists = objects.filter(({ kind }) => kind === 'list');
const chunks = objects.filter(({ kind }) => kind === 'chunk');
const treeSegment = await encodeSegment({ content: 'trees', objects: [...trees, ...lists] }, context);
const dataSegment = await encodeSegment({ content: 'data', objects: chunks }, context);
const record = encodeSnapshot(sampleHeader, sampleDetails, context);
const rows = encodePathRows([
  { path: 'a'.repeat(48) as PathId, kind: 'add', from: undefined },
  { path: 'b'.repeat(48) as PathId, kind: 'moved-from', from: 'c'.repeat(48) as PathId },
]);

interface Decoder {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  /** Decodes, and answers what its encoder makes of that; undefined where that may differ. */
  readonly decode: (bytes: Uint8Array) => Uint8Array | undefined;
  /** Input this long must be met with bounded memory. */
  readonly bytesMax: number;
}

const decoders: readonly Decoder[] = [
  {
    name: 'decodeTreeNode',
    samples: trees.map(flatten),
    decode: (bytes) => flatten(encodeTreeNode(decodeTreeNode(unflatten(bytes, 'tree')), context)),
    bytesMax: nodeBodyBytesMax,
  },
  {
    name: 'decodeListNode',
    samples: lists.map(flatten),
    decode: (bytes) => flatten(encodeListNode(decodeListNode(unflatten(bytes, 'list')), context)),
    bytesMax: nodeBodyBytesMax,
  },
  {
    name: 'decodeSegmentHeader',
    samples: [treeSegment, dataSegment].map((bytes) => bytes.subarray(0, decodeSegmentHeader(bytes).headerBytes)),
    decode: (bytes) => {
      const header = decodeSegmentHeader(bytes);
      // Flags that may be passed over are not kept, and what follows the header is not its own.
      const encoded = withByte(encodeSegmentHeader(header), { at: 5, value: bytes[5]! });
      return concatBytes([encoded, bytes.subarray(header.headerBytes)]);
    },
    bytesMax: segmentBytesMax,
  },
  {
    name: 'decodePack',
    samples: [(await encodePack([treeSegment, dataSegment], hasher)).bytes],
    decode: (bytes) => void decodePack(bytes),
    bytesMax: segmentBytesMax,
  },
  {
    name: 'decodeSnapshotHeader',
    samples: [record.header],
    decode: (bytes) => void encodeSnapshotHeader(decodeSnapshotHeader(bytes)),
    bytesMax: nodeBodyBytesMax,
  },
  {
    name: 'decodeSnapshotDetails',
    samples: [encodeSnapshotDetails(sampleDetails)],
    decode: (bytes) => void encodeSnapshotDetails(decodeSnapshotDetails(bytes)),
    bytesMax: nodeBodyBytesMax,
  },
  {
    name: 'decodeSnapshotRecord',
    samples: [encodeSnapshotRecord(record), encodeSnapshotRecord({ ...record, sealed: undefined })],
    decode: (bytes) => encodeSnapshotRecord(decodeSnapshotRecord(bytes, hasher)),
    bytesMax: nodeBodyBytesMax,
  },
  {
    name: 'decodePathRows',
    samples: [rows],
    decode: (bytes) => encodePathRows(decodePathRows(bytes)),
    bytesMax: nodeBodyBytesMax,
  },
  {
    name: 'decodeKeyRing',
    samples: [encodeKeyRing(createKeyRing(seededRandom('fuzz')))],
    decode: (bytes) => void decodeKeyRing(bytes),
    bytesMax: ringBytesMax,
  },
];

for (const { name, samples, decode, bytesMax } of decoders) {
  describe(name, () => {
    it('takes its samples as they are', () => {
      for (const sample of samples) {
        const encoded = decode(sample);
        if (encoded !== undefined) assert.deepEqual(encoded, sample);
      }
    });

    it('answers a typed error, or what encodes to the same bytes, to samples cut at every byte', () => {
      for (const sample of samples) {
        for (let length = 0; length < sample.length; length++) check(decode, sample.slice(0, length));
      }
    });

    it('answers so to damaged samples', () => {
      for (const bytes of mutationsOf(samples, { seed, count: mutationsEach })) check(decode, bytes);
    });

    it('answers so to random bytes', () => {
      const next = seededNumbers(seed);
      for (let i = 0; i < 1000; i++) {
        check(decode, Uint8Array.from({ length: Math.floor(next() * 80) }, () => next() * 256));
      }
    });

    it('uses bounded memory and time for long hostile bytes', () => {
      for (const byte of [0x00, 0x40, 0x80, 0x81, 0x9b, 0xa0, 0xa1, 0xff]) {
        for (const start of [...samples.map((sample) => sample.subarray(0, 8)), hostileHead(byte, bytesMax)]) {
          const bytes = concatBytes([start, new Uint8Array(bytesMax - start.length).fill(byte)]);
          const before = memory();
          const from = performance.now();
          check(decode, bytes);
          const mib = (memory() - before) / 2 ** 20;
          assert.ok(mib < 100, `${mib} MiB for 0x${byte.toString(16)}`);
          assert.ok(performance.now() - from < 10_000);
        }
      }
    });
  });
}

describe('openSegment', () => {
  it('answers a typed error to damaged segments, or the same objects', async () => {
    for (const bytes of mutationsOf([treeSegment, dataSegment], { seed, count: mutationsEach / 4 })) {
      await openSegment(bytes, context).then(
        () => assert.ok([treeSegment, dataSegment].some((sample) => Buffer.compare(sample, bytes) === 0)),
        assertTyped,
      );
    }
  });

  it('answers so to damaged plaintext under a good seal', async () => {
    const header = decodeSegmentHeader(dataSegment);
    const key = hasher.hmacSha256(context.keys.seal(header.epoch), header.salt);
    const [aad, sealed] = [dataSegment.slice(0, header.headerBytes), dataSegment.slice(header.headerBytes)];
    const body = context.sealer.open(key, aad, sealed);
    for (const codec of ['stored', 'zstd', 'deflate'] as const) {
      for (const bytes of mutationsOf([body], { seed, count: mutationsEach / 10 })) {
        const plainBytes = codec === 'stored' ? bytes.length : 2 * chunkBytesMax;
        const head = encodeSegmentHeader({ ...header, codec, plainBytes, storedBytes: bytes.length + 16 });
        const segment = concatBytes([head, context.sealer.seal(key, head, bytes)]);
        await openSegment(segment, context).then(() => undefined, assertTyped);
      }
    }
  });
});

describe('openSnapshotDetails', () => {
  it('answers a typed error to damaged sealed parts', () => {
    for (const sealed of mutationsOf([record.sealed!], { seed, count: mutationsEach / 4 })) {
      check(() => void openSnapshotDetails({ ...record, sealed }, context), sealed);
    }
  });
});

function check(decode: Decoder['decode'], bytes: Uint8Array): void {
  let encoded: Uint8Array | undefined;
  try {
    encoded = decode(bytes);
  } catch (error) {
    assertTyped(error, bytes);
    return;
  }
  if (encoded !== undefined) assert.equal(toHex(encoded), toHex(bytes), 'two forms of one content');
}

function assertTyped(error: unknown, bytes?: Uint8Array): void {
  if (isBackupError(error)) return;
  const input = bytes === undefined ? '' : `, for ${toHex(bytes.subarray(0, 2000))}`;
  throw new Error(`Not a BackupError: ${String(error)} (seed ${seed}${input})`, { cause: error });
}

/** A tree or list as one run of bytes, so that both parts are damaged: u16 n ‖ ids ‖ body. */
function flatten({ children, body }: Pick<PlainObject, 'children' | 'body'>): Uint8Array {
  const ids = Buffer.from(children.join(''), 'hex');
  return concatBytes([Uint8Array.of(children.length >> 8, children.length & 0xff), ids, body]);
}

function unflatten(bytes: Uint8Array, kind: 'tree' | 'list'): PlainObject {
  const count = Math.min(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0), Math.floor(Math.max(0, bytes.length - 2) / 24));
  if (bytes.length < 2 || count !== ((bytes[0]! << 8) | bytes[1]!)) decodePathRows(Uint8Array.of(0));
  const children = Array.from({ length: count }, (_, i) => toHex(bytes.subarray(2 + 24 * i, 26 + 24 * i)) as ObjectId);
  return { kind, id: children[0] ?? ('0'.repeat(48) as ObjectId), children, body: bytes.subarray(2 + 24 * count) };
}

/** Makes the rest one array, byte string or map of that many items. */
function hostileHead(byte: number, bytesMax: number): Uint8Array {
  const head = byte === 0x40 ? 0x9a : (byte & 0xe0) | 0x1a;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytesMax - 7);
  return Uint8Array.of(0, 0, head, ...length);
}

function withByte(bytes: Uint8Array, { at, value }: { readonly at: number; readonly value: number }): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
