import { ByteReader, ByteWriter, concatBytes, equalBytes } from '../../../base/bytes.ts';
import { isBackupError } from '../../../base/errors.ts';
import type { SnapshotId, TreeId } from '../../../protocol/ids.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';
import { fromHex } from '../../../base/bytes.ts';
import { readChanges, readLists, writeChanges, writeLists } from './changeCodec.ts';
import { readId } from './directoryCodec.ts';
import type { FolderIndex } from './folderIndex.ts';
import { decodeIndex, encodeIndex, journalTokenBytes, readSnapshotId, writeSnapshotId } from './indexFile.ts';
import type { IndexUpdate } from './indexTypes.ts';

const indexName = 'index';
const journalName = 'index-journal';
const checksumBytes = 8;
/** The journal is folded into a new index file when it grows past this share of it (and the smallest size), or so many records. */
const journalShareMax = 0.25;
const journalBytesMin = 64 * 1024;
const journalRecordsMax = 2_000;

/** A state of the folder as the cache had it. */
export interface StoredIndex {
  readonly index: FolderIndex;
  /** The snapshot that holds it; undefined when no backup was ever made. */
  readonly snapshot: SnapshotId | undefined;
}

/**
 * Keeps a folder's index on disk: one file with everything, and a journal to which each update adds what changed. Both
 * are a cache: whatever does not fit together is discarded, and the caller starts from the server's trees.
 */
export class IndexStore {
  readonly #folder: StateFolder;
  readonly #context: FormatContext;
  #token: Uint8Array | undefined;
  #indexBytes = 0;
  #journalBytes = 0;
  #journalRecords = 0;

  constructor({ folder, context }: { readonly folder: StateFolder; readonly context: FormatContext }) {
    this.#folder = folder;
    this.#context = context;
  }

  /** Undefined when there is none that can be used. */
  async load(): Promise<StoredIndex | undefined> {
    const bytes = await this.#folder.read(indexName);
    if (bytes === undefined) return undefined;
    try {
      const { index, header } = decodeIndex(bytes, this.#context);
      this.#indexBytes = bytes.length;
      this.#token = header.journalToken;
      const journal = await this.#folder.read(journalName);
      return { index, snapshot: this.#replay(journal, { index, snapshot: header.snapshot }) };
    } catch (error) {
      if (!isBackupError(error)) throw error;
      this.#token = undefined;
      return undefined;
    }
  }

  /** Adds an update that was just adopted: O(changed), but now and then the whole index anew. */
  async record(update: IndexUpdate, stored: StoredIndex): Promise<void> {
    const limit = Math.max(journalBytesMin, this.#indexBytes * journalShareMax);
    if (this.#token === undefined || this.#journalBytes > limit || this.#journalRecords >= journalRecordsMax) {
      await this.save(stored);
      return;
    }
    const record = encodeRecord(update, { snapshot: stored.snapshot, context: this.#context });
    if (record.length > limit) {
      await this.save(stored);
      return;
    }
    const bytes = this.#journalBytes === 0 ? concatBytes([this.#token, record]) : record;
    await this.#folder.append(journalName, bytes);
    this.#journalBytes += bytes.length;
    this.#journalRecords += 1;
  }

  /** Writes the whole index. */
  async save({ index, snapshot }: StoredIndex): Promise<void> {
    const journalToken = this.#context.random.bytes(journalTokenBytes);
    const bytes = encodeIndex(index, { snapshot, journalToken }, this.#context);
    // Between the two calls lies a journal of another token, which is then ignored.
    await this.#folder.replace(indexName, bytes);
    await this.#folder.remove(journalName);
    this.#token = journalToken;
    this.#indexBytes = bytes.length;
    this.#journalBytes = 0;
    this.#journalRecords = 0;
  }

  async discard(): Promise<void> {
    this.#token = undefined;
    await this.#folder.remove(indexName);
    await this.#folder.remove(journalName);
  }

  /** Applies the journal's records. A torn one at the end ends it: what it said was never relied on. */
  #replay(journal: Uint8Array | undefined, { index, snapshot }: StoredIndex): SnapshotId | undefined {
    if (journal === undefined) return snapshot;
    const token = journal.subarray(0, journalTokenBytes);
    let at = snapshot;
    let end = 0;
    if (equalBytes(token, this.#token!)) {
      end = journalTokenBytes;
      for (let record = this.#recordAt(journal, end); record !== undefined; record = this.#recordAt(journal, end)) {
        at = applyRecord(index, record.payload);
        end = record.end;
        this.#journalRecords += 1;
      }
    }
    this.#journalBytes = end;
    // Nothing may be added behind what cannot be read: the next record writes a new index.
    if (end !== journal.length) this.#token = undefined;
    return at;
  }

  #recordAt(journal: Uint8Array, at: number): { readonly payload: Uint8Array; readonly end: number } | undefined {
    const reader = new ByteReader(journal.subarray(at), 'journal of the index');
    if (reader.left < 4 + checksumBytes) return undefined;
    const length = reader.u32();
    if (reader.left < length + checksumBytes) return undefined;
    const payload = reader.bytes(length);
    const sum = this.#context.hasher.sha256(payload).subarray(0, checksumBytes);
    return equalBytes(reader.bytes(checksumBytes), sum) ? { payload, end: at + reader.offset } : undefined;
  }
}

function encodeRecord(
  { root, changes, lists }: IndexUpdate,
  { snapshot, context }: { readonly snapshot: SnapshotId | undefined; readonly context: FormatContext },
): Uint8Array {
  const writer = new ByteWriter();
  writeSnapshotId(writer, snapshot);
  writer.bytes(fromHex(root));
  writeLists(writer, lists);
  writeChanges(writer, changes);
  const payload = writer.written();
  const length = new ByteWriter(4).u32(payload.length).written();
  return concatBytes([length, payload, context.hasher.sha256(payload).subarray(0, checksumBytes)]);
}

/** Errors: `corrupt` when it leads elsewhere than it says. */
function applyRecord(index: FolderIndex, payload: Uint8Array): SnapshotId | undefined {
  const reader = new ByteReader(payload, 'journal of the index');
  const snapshot = readSnapshotId(reader);
  const root = readId<TreeId>(reader);
  const lists = readLists(reader);
  const changes = readChanges(reader);
  reader.finish();
  const update = index.plan(changes, lists);
  if (update.root !== root) reader.fail('it leads to another tree');
  index.adopt(update);
  return snapshot;
}
