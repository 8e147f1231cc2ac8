import { inlineChunksMax } from '../../core/tree/treeTypes.ts';
import type { ChunkId } from '../../../protocol/ids.ts';
import { chunkId, chunkObject } from '../../core/chunk/chunkId.ts';
import type { Cutter } from '../../core/chunk/cutter.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { ListBuilder } from '../../core/list/buildList.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { FileContent } from '../../core/tree/treeTypes.ts';
import type { AbsolutePath, Files, FileStat } from '../../ports/files.ts';

/** Read in one call up to here; longer files are streamed through one buffer. */
const wholeBytesMax = 256 * 1024;
const bufferBytes = 1024 * 1024;
/** A file that keeps changing is read this often at most; a large one once more only. */
const readsMax = 3;
const rereadBytesMax = 64 * 1024 * 1024;

export interface ReadParts {
  readonly files: Files;
  readonly context: FormatContext;
  /** Used for one file after the other. */
  readonly cutter: Cutter;
  /** Takes the file's chunks and lists as they come. */
  readonly emit: (object: PlainObject) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface ReadResult {
  readonly content: FileContent;
  readonly size: number;
  /** Of the opened file, after it was read. */
  readonly stat: FileStat;
  /** It changed while it was read, every time: what was read may be of no single moment. */
  readonly changed: boolean;
  /** Over all reads. */
  readonly bytesRead: number;
}

/**
 * Reads and cuts a file in bounded memory. Undefined when it is no regular file any more. When it changes meanwhile
 * it is read again, a few times. Errors: the system's.
 */
export async function readFile(path: AbsolutePath, parts: ReadParts): Promise<ReadResult | undefined> {
  let bytesRead = 0;
  for (let reads = 1; ; reads++) {
    parts.signal.throwIfAborted();
    const read = await readOnce(path, parts);
    if (read === undefined) return undefined;
    bytesRead += read.size;
    const changed = !sameStat(read.before, read.after) || read.size !== read.after.size;
    if (!changed || reads >= readsMax || (reads > 1 && read.size > rereadBytesMax)) {
      return { content: read.content, size: read.size, stat: read.after, changed, bytesRead };
    }
  }
}

/** Whether a stat proves that nothing happened to a file in between. */
export function sameStat(a: FileStat, b: FileStat): boolean {
  return (
    a.kind === b.kind &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.inode === b.inode &&
    a.mode === b.mode
  );
}

interface OneRead {
  readonly before: FileStat;
  readonly after: FileStat;
  readonly content: FileContent;
  readonly size: number;
}

async function readOnce(path: AbsolutePath, parts: ReadParts): Promise<OneRead | undefined> {
  const whole = await parts.files.readWhole(path, wholeBytesMax);
  if (whole === undefined) return await stream(path, parts);
  const content = new ContentBuilder(parts);
  await content.push(whole.bytes);
  return { before: whole.before, after: whole.after, content: await content.finish(), size: whole.bytes.length };
}

async function stream(path: AbsolutePath, { files, ...parts }: ReadParts): Promise<OneRead | undefined> {
  const file = await files.open(path);
  try {
    const before = await file.stat();
    if (before.kind !== 'file') return undefined;
    const content = new ContentBuilder({ files, ...parts });
    const buffer = new Uint8Array(bufferBytes);
    let size = 0;
    for (let count = await file.read(buffer, 0); count > 0; count = await file.read(buffer, size)) {
      parts.signal.throwIfAborted();
      await content.push(buffer.subarray(0, count));
      size += count;
    }
    return { before, after: await file.stat(), content: await content.finish(), size };
  } finally {
    await file.close();
  }
}

/** Makes a file's content of its bytes as they come: chunk ids, from the ninth on through lists. */
class ContentBuilder {
  readonly #parts: ReadParts;
  readonly #first: { readonly id: ChunkId; readonly bytes: number }[] = [];
  #list: ListBuilder | undefined;

  constructor(parts: ReadParts) {
    this.#parts = parts;
    parts.cutter.finish(); // What a failed read left in it.
  }

  async push(bytes: Uint8Array): Promise<void> {
    for (const chunk of this.#parts.cutter.push(bytes)) await this.#take(chunk);
  }

  async finish(): Promise<FileContent> {
    const last = this.#parts.cutter.finish();
    if (last !== undefined) await this.#take(last);
    if (this.#list === undefined) return { kind: 'chunks', chunks: this.#first.map(({ id }) => id) };
    const { list, objects } = this.#list.finish();
    for (const object of objects) await this.#parts.emit(object);
    return { kind: 'list', list };
  }

  async #take(bytes: Uint8Array): Promise<void> {
    const id = chunkId(bytes, this.#parts.context);
    await this.#parts.emit(chunkObject(id, bytes));
    const chunk = { id, bytes: bytes.length };
    if (this.#list !== undefined) await this.#addToList(chunk);
    else if (this.#first.push(chunk) > inlineChunksMax) {
      this.#list = new ListBuilder(this.#parts.context);
      for (const one of this.#first.splice(0)) await this.#addToList(one);
    }
  }

  async #addToList(chunk: { readonly id: ChunkId; readonly bytes: number }): Promise<void> {
    for (const object of this.#list?.add(chunk) ?? []) await this.#parts.emit(object);
  }
}
