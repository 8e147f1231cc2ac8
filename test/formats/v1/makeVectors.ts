import { concatBytes, toHex } from '../../../base/bytes.ts';
import type { ChunkId, PathId, WorkspaceId } from '../../../protocol/ids.ts';
import { byteStringOfText } from '../../../engine/core/byteString.ts';
import type { ByteName } from '../../../engine/core/byteString.ts';
import { chunkId, chunkObject } from '../../../engine/core/chunk/chunkId.ts';
import { Cutter } from '../../../engine/core/chunk/cutter.ts';
import type { FormatContext } from '../../../engine/core/formatContext.ts';
import { deriveKeys } from '../../../engine/core/keys/deriveKeys.ts';
import { encodeKeyRing, keyRingFingerprint } from '../../../engine/core/keys/keyRing.ts';
import type { KeyRing } from '../../../engine/core/keys/keyRing.ts';
import { buildList } from '../../../engine/core/list/buildList.ts';
import { encodePack } from '../../../engine/core/pack/pack.ts';
import { originId, pathId } from '../../../engine/core/paths/pathId.ts';
import type { CodecName } from '../../../engine/core/segment/codec.ts';
import { encodeSegment } from '../../../engine/core/segment/encodeSegment.ts';
import type { PlainObject } from '../../../engine/core/segment/segmentTypes.ts';
import { encodeSnapshot } from '../../../engine/core/snapshot/encodeSnapshot.ts';
import { encodePathRows } from '../../../engine/core/snapshot/pathRows.ts';
import { encodeSnapshotRecord } from '../../../engine/core/snapshot/snapshotRecord.ts';
import { DirectoryTree } from '../../../engine/core/tree/directoryTree.ts';
import { createPrimitives } from '../../../engine/platform/primitives.ts';
import { entriesOf, fileEntry, sampleDetails, sampleHeader } from '../../../engine/testing/formatSamples.ts';
import { seededRandom } from '../../../engine/testing/seededRandom.ts';

/** Two seal epochs, so that reading an older one is part of the vectors. */
export const ring: KeyRing = {
  idMaster: { epoch: 1, key: seededRandom('id master').bytes(32) },
  sealMasters: [
    { epoch: 1, key: seededRandom('seal master 1').bytes(32) },
    { epoch: 2, key: seededRandom('seal master 2').bytes(32) },
  ],
};

/** Nothing of it is compressed: compressors may change their output, the format does not. */
export function vectorContext({ codec = 'stored', ring: of = ring }: VectorOptions = {}): FormatContext {
  const primitives = createPrimitives();
  return {
    ...primitives,
    compressor: { ...primitives.compressor, preferred: codec },
    random: seededRandom('salts'),
    keys: deriveKeys(of, primitives.hasher),
  };
}

interface VectorOptions {
  readonly codec?: CodecName;
  readonly ring?: KeyRing;
}

export type Vectors = Awaited<ReturnType<typeof makeVectors>>;

/** Everything that format version 1 fixes, as what today's code makes of fixed input. */
export async function makeVectors() {
  const context = vectorContext();
  return {
    keys: keyVectors(context),
    ids: idVectors(context),
    cuts: cutVectors(context),
    lists: listVectors(context),
    trees: treeVectors(context),
    ...(await storedVectors(context)),
  };
}

function keyVectors({ keys, hasher }: FormatContext) {
  return {
    ring: toHex(encodeKeyRing(ring)),
    fingerprint: keyRingFingerprint(ring, hasher),
    id: toHex(keys.id),
    split: toHex(keys.split),
    path: toHex(keys.path),
    seal: [1, 2].map((epoch) => toHex(keys.seal(epoch))),
    snapshot: [1, 2].map((epoch) => toHex(keys.snapshot(epoch))),
    gear: [...keys.gear],
  };
}

const workspace = '01'.repeat(16) as WorkspaceId;

function idVectors(context: FormatContext) {
  const texts = ['', 'src/main.ts', 'zoë/\u{1f600}'];
  return {
    chunks: ['a', 'hello\n'].map((text) => ({ text, id: chunkId(new TextEncoder().encode(text), context) })),
    paths: texts.map((text) => ({ text, id: pathId(workspace, byteStringOfText(text), context) })),
    origin: originId('host-1', '/home/ada/work', context),
  };
}

/** Of the 6 MiB of `seededRandom('cut me')`, then of the same with one byte before it. */
function cutVectors({ keys }: FormatContext) {
  const bytes = seededRandom('cut me').bytes(6 * 1024 * 1024);
  return [bytes, concatBytes([Uint8Array.of(0), bytes])].map((content) => {
    const cutter = new Cutter(keys.gear);
    const lengths = [...cutter.push(content)].map(({ length }) => length);
    return [...lengths, cutter.finish()?.length ?? 0];
  });
}

function listVectors(context: FormatContext) {
  const nameOf = (i: number): string => toHex(context.hasher.sha256(Uint8Array.of(i >> 8, i)).subarray(0, 24));
  const ids = Array.from({ length: 5000 }, (_, i) => nameOf(i));
  const short = buildList(ids.slice(0, 9).map((id, i) => ({ id: id as ChunkId, bytes: 1 + i })), context);
  const long = buildList(ids.map((id, i) => ({ id: id as ChunkId, bytes: 1000 + i })), context);
  return { short: short.objects.map(plainVector), long: { list: long.list, nodes: long.objects.map(({ id }) => id) } };
}

function treeVectors(context: FormatContext) {
  const { outer } = sampleTrees(context);
  const wide = DirectoryTree.build(
    Array.from({ length: 5000 }, (_, i) => fileEntry(`file-${String(i).padStart(5, '0')}.ts`, [])),
    context,
  );
  const name = 'file-02500.ts' as ByteName;
  const { tree, objects } = wide.update(new Map([[name, undefined]]), context);
  return {
    empty: DirectoryTree.empty(context).nodes().map(plainVector),
    small: outer.nodes().map(plainVector),
    wide: { root: wide.root, nodes: wide.nodes().map(({ id }) => id) },
    withoutOne: { root: tree.root, fresh: objects.map(({ id }) => id) },
  };
}

/** A segment, and a whole small repository: one snapshot with its rows and the pack of all it reaches. */
async function storedVectors(context: FormatContext) {
  const { chunks, list, inner, outer } = sampleTrees(context);
  const trees = [...list.objects, ...inner.nodes(), ...outer.nodes()];
  const segments = [
    await encodeSegment({ content: 'data', objects: chunks }, context),
    await encodeSegment({ content: 'trees', objects: trees }, context),
  ];
  const rows = encodePathRows([
    { path: pathId(workspace, byteStringOfText(''), context), kind: 'below', from: undefined },
    { path: 'b'.repeat(48) as PathId, kind: 'moved-from', from: 'c'.repeat(48) as PathId },
  ]);
  const header = { ...sampleHeader, root: outer.root, rowsHash: context.hasher.sha256(rows) };
  const record = encodeSnapshot(header, sampleDetails, context);
  return {
    segments: segments.map(toHex),
    repository: {
      snapshot: record.id,
      record: toHex(encodeSnapshotRecord(record)),
      stub: toHex(encodeSnapshotRecord({ ...record, sealed: undefined })),
      rows: toHex(rows),
      pack: toHex((await encodePack(segments, context.hasher)).bytes),
    },
  };
}

/** Segments of the other codecs, sealed in the first epoch: only reading them is fixed. */
export async function makeCompressed(): Promise<Readonly<Record<'zstd' | 'deflate', string>>> {
  const make = async (codec: CodecName): Promise<string> => {
    const context = vectorContext({ codec, ring: { ...ring, sealMasters: ring.sealMasters.slice(0, 1) } });
    return toHex(await encodeSegment({ content: 'data', objects: [repetitive(context)] }, context));
  };
  return { zstd: await make('zstd'), deflate: await make('deflate') };
}

export function repetitive(context: FormatContext): PlainObject {
  const body = new TextEncoder().encode('All work and no play. '.repeat(200));
  return chunkObject(chunkId(body, context), body);
}

function sampleTrees(context: FormatContext) {
  const chunks = ['hello\n', 'world\n', 'three\n'].map((text) => {
    const body = new TextEncoder().encode(text);
    return chunkObject(chunkId(body, context), body);
  });
  const ids = chunks.map(({ id }) => id as ChunkId);
  const list = buildList(Array.from({ length: 12 }, (_, i) => ({ id: ids[i % 3]!, bytes: 6 })), context);
  const inner = DirectoryTree.build([fileEntry('only', ids.slice(0, 1))], context);
  const entries = entriesOf({ ids, list: list.list, tree: inner.root });
  const sized = entries.map((entry) => (entry.name === 'big.bin' ? { ...entry, size: 72 } : entry));
  return { chunks, list, inner, outer: DirectoryTree.build(sized, context) };
}

function plainVector({ kind, id, children, body }: PlainObject) {
  return { kind, id, children, body: toHex(body) };
}
