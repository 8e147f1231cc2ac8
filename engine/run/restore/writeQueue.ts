import { mapBounded } from '../../../base/concurrency.ts';
import { BackupError, isBackupError, messageOf, systemCodeOf } from '../../../base/errors.ts';
import type { ErrorCode } from '../../../base/errors.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { FileEntry } from '../../core/tree/treeTypes.ts';
import type { AbsolutePath, NewFile } from '../../ports/files.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import { unlessAbsent } from './targetFolder.ts';
import type { TargetFolder } from './targetFolder.ts';

/** Small files are fetched together, up to so many and so much at once; larger ones are streamed one by one. */
const batchBytes = 16 * 1024 * 1024;
const batchFiles = 512;
const smallBytesMax = 4 * 1024 * 1024;
const writersMax = 8;

/** A file to be written: as `name` in `directory`, where nothing is yet. */
export interface WriteJob {
  readonly directory: BytePath;
  readonly name: ByteName;
  readonly entry: FileEntry;
  /** What the file is called in the end, for reports. */
  readonly path: BytePath;
  /** What is done once the file is complete, in its directory. */
  readonly finish?: (directory: AbsolutePath) => Promise<void>;
}

export interface FailedPath {
  readonly path: BytePath;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface WriteQueueOptions {
  readonly reader: ObjectReader;
  readonly target: TargetFolder;
  /** Flushes each file to stable storage. */
  readonly durable: boolean;
  /** Permission bits that the system takes from new files. */
  readonly umask: number;
  readonly signal: AbortSignal;
  readonly onFile: (job: WriteJob) => void;
  readonly onBytes: (bytes: number) => void;
}

type Loaded = ReadonlyMap<ObjectId, PlainObject>;

/**
 * Writes files as they come: the content of one batch is fetched while the one before is written. A file that fails
 * is listed and the others go on; a full disk or an unreachable server ends it all.
 */
export class WriteQueue {
  readonly failed: FailedPath[] = [];
  readonly #options: WriteQueueOptions;
  #batch: WriteJob[] = [];
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  async add(job: WriteJob): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (job.entry.size > smallBytesMax) {
      await this.#start([job], undefined);
      return;
    }
    this.#batch.push(job);
    this.#bytes += job.entry.size;
    if (this.#bytes >= batchBytes || this.#batch.length >= batchFiles) await this.#startBatch();
  }

  /** Resolves when everything is written, or has failed. */
  async finish(): Promise<void> {
    await this.#startBatch();
    await this.#writing;
  }

  fail(path: BytePath, error: unknown): void {
    this.#options.signal.throwIfAborted();
    if (endsAll(error)) throw wrapped(error);
    const code = isBackupError(error) ? error.code : 'invalid';
    this.failed.push({ path, code, message: messageOf(error) });
  }

  async #startBatch(): Promise<void> {
    if (this.#batch.length === 0) return;
    const jobs = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    const loading = this.#load(jobs);
    loading.catch(() => undefined); // It is awaited below, maybe after another batch has failed.
    await this.#start(jobs, loading);
  }

  /** Waits only for the batch before: at most one is fetched while one is written. */
  async #start(jobs: readonly WriteJob[], loading: Promise<Loaded | undefined> | undefined): Promise<void> {
    const before = this.#writing;
    const writing = before.then(async () => {
      const loaded = await loading;
      await mapBounded(jobs, writersMax, async (job) => await this.#writeOrFail(job, loaded));
    });
    writing.catch(() => undefined); // Awaited by the next call or by `finish`.
    this.#writing = writing;
    await before;
  }

  /** Undefined when something is lost: then each file is read on its own, and only those that need it fail. */
  async #load(jobs: readonly WriteJob[]): Promise<Loaded | undefined> {
    try {
      const ids: ObjectId[] = [];
      for (const { entry } of jobs) for await (const { id } of this.#options.reader.chunksOf(entry.content)) ids.push(id);
      return await this.#options.reader.load(ids);
    } catch (error) {
      if (isBackupError(error, 'corrupt') || isBackupError(error, 'invalid')) return undefined;
      throw error;
    }
  }

  async #writeOrFail(job: WriteJob, loaded: Loaded | undefined): Promise<void> {
    const { target, signal, onFile } = this.#options;
    try {
      signal.throwIfAborted();
      await target.use(job.directory, async (directory) => await this.#write(job, { directory, loaded }));
      onFile(job);
    } catch (error) {
      this.fail(job.path, error);
    }
  }

  async #write(job: WriteJob, { directory, loaded }: { readonly directory: AbsolutePath; readonly loaded: Loaded | undefined }): Promise<void> {
    const { files } = this.#options.target;
    const { entry } = job;
    const path = files.join(directory, job.name);
    const mode = entry.mode ?? 0o666;
    const file = await files.create(path, mode & 0o777);
    try {
      try {
        await this.#fill(file, { job, loaded });
      } finally {
        await file.close();
      }
      if (entry.mode !== undefined && (mode & (0o7000 | this.#options.umask)) !== 0) await files.setMode(path, mode);
      await files.setModified(path, entry.mtimeNs);
      await job.finish?.(directory);
    } catch (error) {
      await unlessAbsent(files.removeFile(path));
      throw error;
    }
  }

  async #fill(file: NewFile, { job, loaded }: { readonly job: WriteJob; readonly loaded: Loaded | undefined }): Promise<void> {
    const { reader, durable, onBytes, signal } = this.#options;
    const pieces = loaded === undefined ? reader.readFile(job.entry) : loadedPieces(reader, job.entry, loaded);
    for await (const piece of pieces) {
      signal.throwIfAborted();
      await file.write(piece);
      onBytes(piece.length);
    }
    if (durable) await file.sync();
  }
}

async function* loadedPieces(reader: ObjectReader, { content, size }: FileEntry, loaded: Loaded): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const { id } of reader.chunksOf(content)) {
    const object = loaded.get(id);
    if (object?.kind !== 'chunk') throw new BackupError('corrupt', 'A piece of a file was expected.', { id });
    bytes += object.body.length;
    if (bytes > size) break;
    yield object.body;
  }
  if (bytes !== size) throw new BackupError('corrupt', 'The stored content is not as long as its entry says.', { size });
}

const fullDiskCodes = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** Whether going on with other files would fail in the same way. */
function endsAll(error: unknown): boolean {
  if (fullDiskCodes.has(systemCodeOf(error) ?? '')) return true;
  return isBackupError(error) && ['unavailable', 'denied', 'cancelled', 'limit'].includes(error.code);
}

function wrapped(error: unknown): unknown {
  const code = systemCodeOf(error);
  if (isBackupError(error) || code === undefined) return error;
  return new BackupError('limit', `The disk that is restored to takes no more: ${messageOf(error)}`, { code }, { cause: error });
}
