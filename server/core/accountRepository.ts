import { equalBytes, fromHex, toHex } from '../../base/bytes.ts';
import { BackupError, isBackupError, messageOf } from '../../base/errors.ts';
import { decodeSnapshotHeader } from '../../engine/core/snapshot/snapshotHeader.ts';
import type { SnapshotHeader, SnapshotRecord } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { KeyStore, StoredRing } from '../../engine/ports/keyStore.ts';
import type { Clock, Log, Primitives } from '../../engine/ports/primitives.ts';
import type * as port from '../../engine/ports/repository.ts';
import type { InstanceId, LaneId, ObjectId, OriginId, WorkspaceId } from '../../protocol/ids.ts';
import { objectIdBytes, snapshotIdBytes } from '../../protocol/ids.ts';
import * as limits from '../../protocol/limits.ts';
import type { Gatherer } from './gatherer.ts';
import type { GroupWriter } from './groupWriter.ts';
import { checkPack, ownBytes } from './ingestPack.ts';
import type { Digest } from './ingestPack.ts';
import type { KeyedTurns } from './keyedTurns.ts';
import type { MetadataStore } from './metadata.ts';
import type { LocateQuery, StoredSegment } from './metadataReads.ts';
import type { NewSegment, Scoped, WrappedRing } from './metadataWrites.ts';
import { placeSegments } from './placeSegments.ts';
import { readSegments } from './readSegments.ts';
import { unwrapRing, wrapRing } from './ring.ts';
import type { DeviceScope } from './serverCore.ts';
import type { VolumeDisk } from './volumeDisk.ts';
import type { VolumeWriter } from './volumeWriter.ts';

/** What all repositories of one server share. */
export interface RepositoryParts {
  readonly instance: InstanceId;
  readonly masterKey: Uint8Array;
  readonly store: MetadataStore;
  readonly writer: GroupWriter;
  readonly disk: VolumeDisk;
  readonly volumes: VolumeWriter;
  readonly gatherer: Gatherer;
  /** Packs that are being stored. */
  readonly arrivals: KeyedTurns;
  readonly primitives: Primitives;
  readonly digest: Digest;
  readonly inlineBytesMax?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rounds of looking for another copy of what could not be read. */
const fetchRoundsMax = 4;
/** Leaves room for what a ZIP adds at its end. */
const fetchBytesMax = limits.packBytesMax - 1_024;
const hexPrefix = /^[0-9a-f]{0,64}$/;

/** One account as one device of it sees it. Everything it asks of the store is scoped by the account. */
export class AccountRepository implements port.Repository, KeyStore {
  readonly #parts: RepositoryParts;
  readonly #scope: DeviceScope;

  constructor(parts: RepositoryParts, scope: DeviceScope) {
    this.#parts = parts;
    this.#scope = scope;
  }

  async instance({ signal }: port.CallOptions): Promise<InstanceId> {
    signal.throwIfAborted();
    return this.#parts.instance;
  }

  async workspaces({ signal }: port.CallOptions): Promise<readonly port.WorkspaceInfo[]> {
    signal.throwIfAborted();
    return this.#parts.store.read('workspaces', this.#scope.account);
  }

  async createWorkspace({ id, name }: { readonly id: WorkspaceId; readonly name: string }, { signal }: port.CallOptions): Promise<void> {
    signal.throwIfAborted();
    requireText(name, limits.workspaceNameBytesMax);
    await this.#parts.writer.write('createWorkspace', { ...this.#scoped(), id, name });
  }

  async lanes(workspace: WorkspaceId, { signal }: port.CallOptions): Promise<readonly port.LaneInfo[]> {
    signal.throwIfAborted();
    return this.#parts.store.read('lanes', { account: this.#scope.account, workspace });
  }

  async lanesOfOrigin(origin: OriginId, { signal }: port.CallOptions): Promise<readonly port.LaneInfo[]> {
    signal.throwIfAborted();
    return this.#parts.store.read('lanesOfOrigin', { account: this.#scope.account, origin });
  }

  async createLane(
    { id, workspace, origin }: { readonly id: LaneId; readonly workspace: WorkspaceId; readonly origin: OriginId },
    { signal }: port.CallOptions,
  ): Promise<void> {
    signal.throwIfAborted();
    await this.#parts.writer.write('createLane', { ...this.#scoped(), id, workspace, origin });
  }

  async missing(ids: readonly ObjectId[], { signal }: port.CallOptions): Promise<ReadonlySet<ObjectId>> {
    signal.throwIfAborted();
    requireAtMost(ids.length, limits.missingIdsMax);
    const bytes = new Uint8Array(ids.length * objectIdBytes);
    ids.forEach((id, i) => bytes.set(fromHex(id), i * objectIdBytes));
    const positions = await this.#parts.store.read('missing', { account: this.#scope.account, ids: bytes });
    return new Set(Array.from(positions, (i) => ids[i]!));
  }

  async putPack(pack: port.Pack, { signal }: port.CallOptions): Promise<void> {
    signal.throwIfAborted();
    const segments = await this.#takeIn(pack, signal);
    // Also when none is left to store: whether this device may store anything is the store's to say.
    await this.#parts.writer.write('storeSegments', { ...this.#scoped(), segments }, { bytes: inlineBytes(segments) });
    this.#parts.gatherer.noteInline(inlineBytes(segments));
  }

  async commit({ record, rows, pack, advance }: port.CommitRequest, { signal }: port.CallOptions): Promise<port.CommitResult> {
    signal.throwIfAborted();
    if (advance !== undefined) requireText(advance.ref, limits.refNameBytesMax);
    const checked = this.#checkRecord(record, rows);
    if (advance !== undefined && checked.header.partial) throw new BackupError('invalid', 'A ref never points to a partial snapshot.');
    const segments = pack === undefined ? [] : await this.#takeIn(pack, signal);
    const bytes = inlineBytes(segments);
    const request = { ...this.#scoped(), ...checked, rows: ownBytes(rows), segments, advance };
    const size = { bytes: bytes + rows.length + checked.record.sealed.length };
    let result = await this.#parts.writer.write('commit', request, size);
    this.#parts.gatherer.noteInline(bytes);
    while (result.kind === 'unfinished') {
      signal.throwIfAborted();
      result = await this.#parts.writer.write('commit', { ...request, segments: [] });
    }
    return result;
  }

  async fetch(request: port.FetchRequest, { signal }: port.CallOptions): Promise<readonly Uint8Array[]> {
    signal.throwIfAborted();
    if (request.kind === 'under') {
      requireAtMost(request.roots.length, limits.fetchRootsMax);
      const query = { account: this.#scope.account, roots: request.roots, bytesMax: fetchBytesMax };
      const { found, unavailable } = await this.#readAll(await this.#parts.store.read('under', query));
      if (found.length === 0 && unavailable !== undefined) throw unavailable;
      return found;
    }
    requireAtMost(request.ids.length, limits.fetchIdsMax);
    requireAtMost(request.skip?.length ?? 0, limits.fetchIdsMax);
    return this.#fetchObjects({ account: this.#scope.account, ids: request.ids, skip: request.skip ?? [], bytesMax: fetchBytesMax }, signal);
  }

  async snapshots(query: port.SnapshotQuery, { signal }: port.CallOptions): Promise<readonly port.StoredSnapshot[]> {
    signal.throwIfAborted();
    const limit = requireLimit(query.limit, limits.snapshotsPageMax);
    return this.#parts.store.read('snapshots', { ...query, limit, account: this.#scope.account });
  }

  async findSnapshots({ prefix }: { readonly prefix: string }, { signal }: port.CallOptions): Promise<readonly port.StoredSnapshot[]> {
    signal.throwIfAborted();
    if (!hexPrefix.test(prefix)) throw new BackupError('invalid', `The start of a snapshot id is at most ${2 * snapshotIdBytes} hex digits.`);
    return this.#parts.store.read('findSnapshots', { account: this.#scope.account, prefix });
  }

  async history(query: port.HistoryQuery, { signal }: port.CallOptions): Promise<readonly port.HistoryRow[]> {
    signal.throwIfAborted();
    requireAtMost(query.ancestors.length, limits.historyAncestorsMax);
    const limit = requireLimit(query.limit, limits.historyPageMax);
    return this.#parts.store.read('history', { ...query, limit, account: this.#scope.account });
  }

  async getRing({ signal }: port.CallOptions): Promise<StoredRing | undefined> {
    signal.throwIfAborted();
    const stored = await this.#parts.store.read('ring', this.#scope.account);
    return stored && this.#unwrap(stored);
  }

  async createRing(ring: Uint8Array, { signal }: port.CallOptions): Promise<StoredRing> {
    signal.throwIfAborted();
    if (ring.length === 0 || ring.length > limits.ringBytesMax) throw new BackupError('invalid', 'A key ring of a size that none has.');
    return this.#unwrap(await this.#parts.writer.write('createRing', { ...this.#scoped(), wrapped: wrapRing(ring, this.#ringOwner) }));
  }

  get #ringOwner(): Parameters<typeof wrapRing>[1] {
    return { account: this.#scope.account, masterKey: this.#parts.masterKey, parts: this.#parts.primitives };
  }

  #unwrap({ version, wrapped }: WrappedRing): StoredRing {
    return { custody: 'managed', version, bytes: unwrapRing(wrapped, this.#ringOwner) };
  }

  #scoped(): Scoped {
    return { scope: this.#scope, at: this.#parts.clock.now() };
  }

  /** Checks a pack, and stores a large one in a volume; answers the segments of a small one, for one transaction. */
  async #takeIn(pack: port.Pack, signal: AbortSignal): Promise<readonly NewSegment[]> {
    const { writer, digest, arrivals } = this.#parts;
    const checked = await checkPack(pack, digest);
    // The same pack many times at once is written once: who comes later finds it stored.
    return arrivals.run(`${this.#scope.account} ${pack.id}`, async () => {
      signal.throwIfAborted();
      const segments = await placeSegments(checked, { ...this.#parts, ...this.#scoped() });
      if (!segments.some(({ place }) => place.kind === 'volume')) return segments;
      // Bytes in a volume stay, whatever becomes of a commit: a refused one must not leave any that no quota counts.
      await writer.write('storeSegments', { ...this.#scoped(), segments });
      return [];
    });
  }

  #checkRecord(record: SnapshotRecord, rows: Uint8Array): { readonly record: SnapshotRecord & { readonly sealed: Uint8Array }; readonly header: SnapshotHeader } {
    const { hasher } = this.#parts.primitives;
    const { id, sealed, sealedHash } = record;
    if (sealed === undefined) throw new BackupError('invalid', 'A stub cannot be committed.');
    if (record.header.length > limits.snapshotHeaderBytesMax || sealed.length > limits.snapshotSealedBytesMax) {
      throw new BackupError('limit', 'The snapshot is too large.');
    }
    const idFits = toHex(hasher.sha256(record.header, sealedHash)) === id;
    if (!idFits || !equalBytes(hasher.sha256(sealed), sealedHash)) throw new BackupError('corrupt', 'The snapshot is not what its id says.');
    const header = decodeSnapshotHeader(record.header);
    if (!equalBytes(hasher.sha256(rows), header.rowsHash)) throw new BackupError('corrupt', 'These are not the path rows of this snapshot.');
    return { record: { id, header: ownBytes(record.header), sealed: ownBytes(sealed), sealedHash: ownBytes(sealedHash) }, header };
  }

  /** Errors: `unavailable` when nothing can be read now; what can never be read counts as not stored. */
  async #fetchObjects(query: LocateQuery, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const skip = [...query.skip];
    let fault: BackupError | undefined;
    for (let round = 1; ; round++) {
      const { found, unreadable, unavailable } = await this.#readAll(await this.#parts.store.read('locate', { ...query, skip }));
      fault ??= unavailable;
      if (unreadable.length === 0 || round === fetchRoundsMax) {
        if (found.length === 0 && fault !== undefined) throw fault;
        return found;
      }
      signal.throwIfAborted();
      skip.push(...unreadable.map(({ sha256 }) => toHex(sha256)));
    }
  }

  async #readAll(segments: readonly StoredSegment[]): Promise<SegmentsRead> {
    const { disk, log } = this.#parts;
    let unavailable: BackupError | undefined;
    const onFault = (volume: string, error: unknown): void => {
      log.error('volume-unreadable', { volume, error: messageOf(error) });
      if (isBackupError(error, 'unavailable')) unavailable ??= new BackupError('unavailable', 'Stored data cannot be read now.', {}, { cause: error });
    };
    const bytes = await readSegments(segments, { disk, onFault });
    return { found: bytes.filter((one) => one !== undefined), unreadable: segments.filter((_, i) => bytes[i] === undefined), unavailable };
  }
}

interface SegmentsRead {
  readonly found: readonly Uint8Array[];
  readonly unreadable: readonly StoredSegment[];
  /** Set when some could not be read for a reason that may pass. */
  readonly unavailable: BackupError | undefined;
}

function inlineBytes(segments: readonly NewSegment[]): number {
  return segments.reduce((sum, { place, bytes }) => sum + (place.kind === 'inline' ? bytes : 0), 0);
}

function requireAtMost(count: number, countMax: number): void {
  if (count > countMax) throw new BackupError('invalid', 'Too many at once.', { count, countMax });
}

function requireLimit(limit: number, limitMax: number): number {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new BackupError('invalid', 'A page has at least one entry.');
  return Math.min(limit, limitMax);
}

function requireText(text: string, bytesMax: number): void {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes === 0 || bytes > bytesMax) throw new BackupError('invalid', 'A name is empty or too long.', { bytes, bytesMax });
}
