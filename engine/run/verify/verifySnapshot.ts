import type { ChunkId, ObjectId, TreeId } from '../../../protocol/ids.ts';
import { fetchIdsMax, missingIdsMax } from '../../../protocol/limits.ts';
import type { BytePath } from '../../core/byteString.ts';
import { joinPath, rootPath } from '../../core/byteString.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { FileEntry, TreeEntry } from '../../core/tree/treeTypes.ts';
import { isBackupError, messageOf } from '../../../base/errors.ts';
import type { Repository } from '../../ports/repository.ts';
import { fetchObjects } from '../read/fetchObjects.ts';
import { ObjectReader } from '../read/objectReader.ts';
import type { OnProgress } from '../reports.ts';

export interface VerifyOptions {
  readonly repository: Pick<Repository, 'fetch' | 'missing'>;
  readonly context: FormatContext;
  readonly root: TreeId;
  /** Reads every byte and checks it against its id; else only asks the server whether it has all of it. */
  readonly readData: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface VerifyReport {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  /** Distinct chunks that the snapshot refers to, and how many of them were read. */
  readonly chunks: number;
  readonly chunksRead: number;
  readonly bytes: number;
  /** What could not be restored, and why. Empty: all of it can. */
  readonly problems: readonly VerifyProblem[];
}

export interface VerifyProblem {
  readonly path: BytePath;
  readonly kind: 'missing' | 'damaged' | 'malformed';
  readonly message: string;
}

/** Chunks that are looked into at once: their lengths and the files that need them are held, not their content. */
const batchChunks = Math.min(4_096, fetchIdsMax, missingIdsMax);

/**
 * Walks a snapshot as a restore would and says what it could not bring back. All trees and lists are read and
 * checked in any case. Memory is bounded by the distinct chunks, a few dozen bytes each.
 */
export async function verifySnapshot(options: VerifyOptions): Promise<VerifyReport> {
  return await new Verifier(options).run();
}

class Verifier {
  readonly #options: VerifyOptions;
  readonly #reader: ObjectReader;
  readonly #problems: VerifyProblem[] = [];
  readonly #counts = { files: 0, directories: 0, symlinks: 0, bytes: 0, chunksRead: 0 };
  /** Length of each chunk that was found well; -1 for one that was not. */
  readonly #known = new Map<ChunkId, number>();
  #batch: { readonly path: BytePath; readonly entry: FileEntry; readonly chunks: readonly ChunkId[] }[] = [];
  #batchIds = new Set<ChunkId>();

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#reader = new ObjectReader(options);
  }

  async run(): Promise<VerifyReport> {
    const { root, signal } = this.#options;
    await this.#reader.fetchUnder(root);
    const left: { readonly path: BytePath; readonly tree: TreeId }[] = [{ path: rootPath, tree: root }];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      signal.throwIfAborted();
      for (const entry of await this.#entriesOf(at)) {
        const path = joinPath(at.path, entry.name);
        if (entry.kind === 'directory') left.push({ path, tree: entry.tree });
        await this.#entry(path, entry);
      }
    }
    await this.#checkBatch();
    return { ...this.#counts, chunks: this.#known.size, problems: this.#problems };
  }

  async #entriesOf({ path, tree }: { readonly path: BytePath; readonly tree: TreeId }): Promise<readonly TreeEntry[]> {
    this.#counts.directories += 1;
    try {
      return await this.#reader.readDirectory(tree);
    } catch (error) {
      this.#problem(path, error);
      return [];
    }
  }

  async #entry(path: BytePath, entry: TreeEntry): Promise<void> {
    if (entry.kind === 'symlink') this.#counts.symlinks += 1;
    if (entry.kind !== 'file') return;
    this.#counts.files += 1;
    this.#counts.bytes += entry.size;
    try {
      const chunks: ChunkId[] = [];
      for await (const { id } of this.#reader.chunksOf(entry.content)) {
        chunks.push(id);
        if (!this.#known.has(id)) this.#batchIds.add(id);
      }
      this.#batch.push({ path, entry, chunks });
    } catch (error) {
      this.#problem(path, error);
    }
    if (this.#batchIds.size >= batchChunks || this.#batch.length >= batchChunks) await this.#checkBatch();
  }

  async #checkBatch(): Promise<void> {
    const ids = [...this.#batchIds];
    for (let i = 0; i < ids.length; i += batchChunks) await this.#look(ids.slice(i, i + batchChunks));
    for (const file of this.#batch) this.#settle(file);
    this.#batch = [];
    this.#batchIds = new Set();
    this.#tell();
  }

  async #look(ids: readonly ChunkId[]): Promise<void> {
    const { repository, context, readData, signal } = this.#options;
    if (!readData) {
      const missing = await repository.missing(ids, { signal });
      for (const id of ids) this.#known.set(id, missing.has(id) ? chunkMissing : chunkThere);
      return;
    }
    const wanted = new Set<ObjectId>(ids);
    const lost = await fetchObjects(
      ids,
      ({ id, body }) => {
        if (!wanted.delete(id)) return;
        this.#known.set(id as ChunkId, body.length);
        this.#counts.chunksRead += 1;
      },
      { repository, context, signal },
    );
    for (const id of lost.missing) this.#known.set(id as ChunkId, chunkMissing);
    for (const id of lost.damaged) this.#known.set(id as ChunkId, chunkDamaged);
  }

  #settle({ path, entry, chunks }: { readonly path: BytePath; readonly entry: FileEntry; readonly chunks: readonly ChunkId[] }): void {
    let bytes = 0;
    for (const id of chunks) {
      const length = this.#known.get(id) ?? chunkMissing;
      if (length === chunkMissing || length === chunkDamaged) {
        const kind = length === chunkMissing ? 'missing' : 'damaged';
        this.#problems.push({ path, kind, message: kind === 'missing' ? `The server does not have ${id}.` : `Every copy of ${id} is damaged.` });
        return;
      }
      bytes += length;
    }
    if (this.#options.readData && bytes !== entry.size) {
      this.#problems.push({ path, kind: 'malformed', message: `Its content is ${bytes} bytes long, not ${entry.size}.` });
    }
  }

  #problem(path: BytePath, error: unknown): void {
    this.#options.signal.throwIfAborted();
    if (!isBackupError(error, 'corrupt') && !isBackupError(error, 'invalid')) throw error;
    const { missing = 0, damaged = 0 } = error.details;
    const kind = Number(damaged) > 0 ? 'damaged' : Number(missing) > 0 ? 'missing' : 'malformed';
    this.#problems.push({ path, kind, message: messageOf(error) });
  }

  #tell(): void {
    const { files, bytes } = this.#counts;
    this.#options.onProgress({ phase: 'verify', filesDone: files, filesTotal: undefined, bytesDone: bytes, bytesTotal: undefined });
  }
}

const chunkThere = -1;
const chunkMissing = -2;
const chunkDamaged = -3;
