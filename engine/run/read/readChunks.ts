import { BackupError } from '../../../base/errors.ts';
import type { ChunkId, ObjectId } from '../../../protocol/ids.ts';
import { chunkBytesMax } from '../../../protocol/limits.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { FileContent } from '../../core/tree/treeTypes.ts';
import type { ChunkRef, ObjectReader } from './objectReader.ts';

/** How much of a file is fetched at once; one such window is under way while the one before is consumed. */
export const readAheadBytes = 8 * 1024 * 1024;

interface Window {
  readonly refs: readonly ChunkRef[];
  readonly loaded: Promise<ReadonlyMap<ObjectId, PlainObject>>;
}

/** The chunks of a file in order. A chunk that repeats (zeros of a sparse file) is held once. */
export async function* readChunks(reader: ObjectReader, content: FileContent, what: string): AsyncGenerator<Uint8Array, void> {
  const windows = windowsOf(reader, content, what);
  let ahead = await windows.next();
  try {
    while (!ahead.done) {
      const { refs, loaded } = ahead.value;
      const objects = await loaded;
      ahead = await windows.next();
      for (const { id, bytes } of refs) yield bodyOf(objects.get(id), id, bytes);
    }
  } finally {
    // Nobody waits for what was fetched ahead; its failure concerns nobody.
    if (!ahead.done) ahead.value.loaded.catch(() => undefined);
  }
}

async function* windowsOf(reader: ObjectReader, content: FileContent, what: string): AsyncGenerator<Window, void> {
  let refs: ChunkRef[] = [];
  let distinct = new Set<ChunkId>();
  let bytes = 0;
  const close = (): Window => {
    const window = { refs, loaded: reader.load(distinct, what) };
    // Awaited later, maybe after a pause of the consumer: until then a failure must not count as unhandled.
    window.loaded.catch(() => undefined);
    refs = [];
    distinct = new Set();
    bytes = 0;
    return window;
  };
  for await (const ref of reader.chunksOf(content)) {
    refs.push(ref);
    if (!distinct.has(ref.id)) bytes += ref.bytes ?? chunkBytesMax;
    distinct.add(ref.id);
    if (bytes >= readAheadBytes || refs.length >= 4_096) yield close();
  }
  if (refs.length > 0) yield close();
}

function bodyOf(object: PlainObject | undefined, id: ChunkId, bytes: number | undefined): Uint8Array {
  if (object === undefined || object.kind !== 'chunk') throw new BackupError('corrupt', 'A piece of a file was expected.', { id });
  if (bytes !== undefined && object.body.length !== bytes) {
    throw new BackupError('corrupt', 'A piece of a file is not as long as its list says.', { id, bytes });
  }
  return object.body;
}
