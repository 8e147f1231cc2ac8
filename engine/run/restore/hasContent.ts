import { chunkId } from '../../core/chunk/chunkId.ts';
import { chunkSizes } from '../../core/chunk/chunkSizes.ts';
import { Cutter } from '../../core/chunk/cutter.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { FileEntry } from '../../core/tree/treeTypes.ts';
import type { AbsolutePath, Files } from '../../ports/files.ts';
import type { ObjectReader } from '../read/objectReader.ts';

const bufferBytes = 1024 * 1024;

export interface ContentParts {
  readonly files: Pick<Files, 'open' | 'readWhole'>;
  readonly reader: Pick<ObjectReader, 'chunksOf'>;
  readonly context: Pick<FormatContext, 'hasher' | 'keys'>;
  readonly signal: AbortSignal;
}

/**
 * Whether a file on disk holds exactly the content of an entry: it is read and cut as a push would, and the ids are
 * compared. Nothing of the content is fetched. Sizes are expected to be equal already.
 */
export async function hasContent(path: AbsolutePath, entry: FileEntry, parts: ContentParts): Promise<boolean> {
  const { files, context } = parts;
  const { content, size } = entry;
  if (content.kind === 'chunks' && size <= chunkSizes.bytesMin) {
    const whole = await files.readWhole(path, chunkSizes.bytesMin);
    if (whole === undefined || whole.bytes.length !== size) return false;
    const id = size === 0 ? undefined : chunkId(whole.bytes, context);
    return content.chunks.length <= 1 && content.chunks[0] === id;
  }
  return await streamHasContent(path, entry, parts);
}

async function streamHasContent(path: AbsolutePath, { content, size }: FileEntry, parts: ContentParts): Promise<boolean> {
  const { files, reader, context, signal } = parts;
  const expected = reader.chunksOf(content);
  const cutter = new Cutter(context.keys.gear);
  const isNext = async (piece: Uint8Array): Promise<boolean> => {
    const next = await expected.next();
    return !next.done && next.value.id === chunkId(piece, context);
  };
  const file = await files.open(path);
  try {
    const buffer = new Uint8Array(Math.min(bufferBytes, Math.max(size, 1)));
    for (let position = 0; ; ) {
      signal.throwIfAborted();
      const count = await file.read(buffer, position);
      if (count === 0) break;
      position += count;
      if (position > size) return false;
      for (const piece of cutter.push(buffer.subarray(0, count))) if (!(await isNext(piece))) return false;
    }
    const last = cutter.finish();
    if (last !== undefined && !(await isNext(last))) return false;
    return (await expected.next()).done === true;
  } finally {
    await file.close();
  }
}
