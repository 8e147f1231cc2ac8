// Where to cut large files: time, stored size, and what an edit uploads again, for several sizes. Prints one table.
// Run: node bench/chunkSizes.ts. The result is recorded in docs/decisions/0006-chunk-sizes.md.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { chunkId, chunkObject } from '../engine/core/chunk/chunkId.ts';
import type { ChunkSizes } from '../engine/core/chunk/chunkSizes.ts';
import { Cutter } from '../engine/core/chunk/cutter.ts';
import { encodeSegment } from '../engine/core/segment/encodeSegment.ts';
import type { PlainSegment } from '../engine/core/segment/encodeSegment.ts';
import { SegmentBuilder } from '../engine/core/segment/segmentBuilder.ts';
import { seededRandom } from '../engine/testing/seededRandom.ts';
import { testContext } from '../engine/testing/testContext.ts';

const kib = 1024;
const candidates: readonly ChunkSizes[] = [
  { bytesMin: 32 * kib, bytesTarget: 128 * kib, bytesMax: 1024 * kib },
  { bytesMin: 64 * kib, bytesTarget: 256 * kib, bytesMax: 1024 * kib },
  { bytesMin: 128 * kib, bytesTarget: 512 * kib, bytesMax: 2048 * kib },
  { bytesMin: 256 * kib, bytesTarget: 512 * kib, bytesMax: 2048 * kib },
  { bytesMin: 256 * kib, bytesTarget: 1024 * kib, bytesMax: 2048 * kib },
];
const readBytes = 256 * kib;

const context = testContext('chunk sizes');

interface Version {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** A file and the versions of it that follow. */
interface Corpus {
  readonly name: string;
  readonly versions: readonly [Version, ...Version[]];
}

const corpora = [await program(), await text(), await database()];
for (const corpus of corpora) {
  console.log(`\n${corpus.name}, ${mib(corpus.versions[0].bytes.length)} MiB`);
  const [, ...edits] = corpus.versions;
  const head = ['min/target/max KiB', 'cut MB/s', 'with ids', 'chunks', 'stored MiB', ...edits.map(({ what }) => what)];
  console.log(head.join(' | '));
  for (const sizes of candidates) console.log((await measure(corpus, sizes)).join(' | '));
}

async function measure({ versions }: Corpus, sizes: ChunkSizes): Promise<readonly string[]> {
  const [first, ...edits] = versions;
  const cut = fastest(() => void chunksOf(first.bytes, sizes));
  const chunks = chunksOf(first.bytes, sizes);
  const named = fastest(() => chunksOf(first.bytes, sizes).forEach((chunk) => chunkId(chunk, context)));
  const known = new Set<string>();
  const stored = await store(chunks, known);
  const again: string[] = [];
  for (const { bytes } of edits) {
    const fresh = await store(chunksOf(bytes, sizes), new Set(known));
    again.push(`${Math.round(fresh / kib)} KiB`);
  }
  const label = [sizes.bytesMin, sizes.bytesTarget, sizes.bytesMax].map((bytes) => bytes / kib).join('/');
  const rate = (ms: number): string => String(Math.round(first.bytes.length / 1e3 / ms));
  return [label, rate(cut), rate(named), String(chunks.length), mib(stored), ...again];
}

/** Bytes of the segments of those chunks that are not known yet. */
async function store(chunks: readonly Uint8Array[], known: Set<string>): Promise<number> {
  const builder = new SegmentBuilder();
  const segments: PlainSegment[] = [];
  for (const chunk of chunks) {
    const id = chunkId(chunk, context);
    const complete = known.has(id) ? undefined : builder.add(chunkObject(id, chunk));
    if (complete !== undefined) segments.push(complete);
    known.add(id);
  }
  let bytes = 0;
  for (const segment of [...segments, ...builder.finish()]) bytes += (await encodeSegment(segment, context)).length;
  return bytes;
}

function chunksOf(bytes: Uint8Array, sizes: ChunkSizes): readonly Uint8Array[] {
  const cutter = new Cutter(context.keys.gear, sizes);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += readBytes) chunks.push(...cutter.push(bytes.subarray(at, at + readBytes)));
  const last = cutter.finish();
  return last === undefined ? chunks : [...chunks, last];
}

function fastest(run: () => void): number {
  return Math.min(
    ...Array.from({ length: 4 }, () => {
      const from = performance.now();
      run();
      return performance.now() - from;
    }),
  );
}

/** An executable: this Node. */
async function program(): Promise<Corpus> {
  const bytes = new Uint8Array(await readFile(process.execPath)).subarray(0, 64 * kib * kib);
  return { name: 'program', versions: [{ what: 'as it is', bytes }, ...insertions(bytes)] };
}

/** Source text end to end, as an archive or a log would hold it. */
async function text(): Promise<Corpus> {
  const all = await readdir('node_modules/three', { recursive: true });
  const names = all.filter((name) => name.endsWith('.js')).sort();
  const parts = await Promise.all(names.map((name) => readFile(join('node_modules/three', name))));
  const bytes = new Uint8Array(Buffer.concat(parts));
  return { name: 'text', versions: [{ what: 'as it is', bytes }, ...insertions(bytes)] };
}

function insertions(bytes: Uint8Array): readonly Version[] {
  const insert = (parts: number): Uint8Array => {
    const pieces: Uint8Array[] = [];
    const step = Math.ceil(bytes.length / (parts + 1));
    for (let at = 0; at < bytes.length; at += step) pieces.push(bytes.subarray(at, at + step), Uint8Array.of(120));
    return new Uint8Array(Buffer.concat(pieces.slice(0, -1)));
  };
  return [
    { what: 'one byte inserted', bytes: insert(1) },
    { what: 'at ten places', bytes: insert(10) },
  ];
}

/** A SQLite file: its pages change in place. */
async function database(): Promise<Corpus> {
  const folder = await mkdtemp(join(tmpdir(), 'chunk-sizes-'));
  const file = join(folder, 'rows.db');
  const open = new DatabaseSync(file);
  try {
    open.exec('PRAGMA journal_mode=OFF; CREATE TABLE rows (id INTEGER PRIMARY KEY, at INTEGER, body TEXT); BEGIN');
    const add = open.prepare('INSERT INTO rows (at, body) VALUES (?, ?)');
    const random = seededRandom('rows');
    for (let i = 0; i < 100_000; i++) add.run(1_700_000_000 + i, Buffer.from(random.bytes(120)).toString('base64'));
    open.exec('COMMIT');
    const before = new Uint8Array(await readFile(file));
    open.exec("UPDATE rows SET body = 'changed' || substr(body, 8) WHERE id = 40000");
    const one = new Uint8Array(await readFile(file));
    open.exec("UPDATE rows SET body = 'changed' || substr(body, 8) WHERE id % 10000 = 17");
    const ten = new Uint8Array(await readFile(file));
    return {
      name: 'database',
      versions: [
        { what: 'as it is', bytes: before },
        { what: 'one row changed', bytes: one },
        { what: 'eleven rows', bytes: ten },
      ],
    };
  } finally {
    open.close();
    await rm(folder, { recursive: true });
  }
}

function mib(bytes: number): string {
  return (bytes / kib / kib).toFixed(1);
}
