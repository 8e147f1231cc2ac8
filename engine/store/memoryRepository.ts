import { BackupError } from '../../base/errors.ts';
import { equalBytes, toHex } from '../../base/bytes.ts';
import type { AccountId, DeviceId, InstanceId, SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import { randomIdBytes } from '../../protocol/ids.ts';
import { fetchIdsMax, fetchRootsMax, historyAncestorsMax, missingIdsMax } from '../../protocol/limits.ts';
import { decodePathRows } from '../core/snapshot/pathRows.ts';
import { decodeSnapshotHeader } from '../core/snapshot/snapshotHeader.ts';
import type { SnapshotHeader, SnapshotRecord } from '../core/snapshot/snapshotTypes.ts';
import type { KeyStore, StoredRing } from '../ports/keyStore.ts';
import type { Clock, Hasher, Random } from '../ports/primitives.ts';
import type * as port from '../ports/repository.ts';
import { closeOver, emptyAccount, fetchSegments, storePack } from './memoryAccount.ts';
import type { MemoryAccount, MemorySnapshot } from './memoryAccount.ts';

export interface MemoryServerParts {
  readonly hasher: Hasher;
  readonly random: Random;
  readonly clock: Pick<Clock, 'now'>;
}

/** Names one device of one account. */
export interface MemoryDevice {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly deviceName: string;
}

/**
 * A whole server in memory, for tests and for trying things out. It keeps every promise of the Repository port
 * except that its data outlives the process.
 */
export class MemoryServer {
  readonly parts: MemoryServerParts;
  #accounts = new Map<AccountId, MemoryAccount>();
  #instance: InstanceId;
  #seq = 0;

  constructor(parts: MemoryServerParts) {
    this.parts = parts;
    this.#instance = this.#newInstance();
  }

  get instance(): InstanceId {
    return this.#instance;
  }

  repository(device: MemoryDevice): port.Repository & KeyStore {
    return new MemoryRepository(this, device);
  }

  account(id: AccountId): MemoryAccount {
    let account = this.#accounts.get(id);
    if (account === undefined) this.#accounts.set(id, (account = emptyAccount()));
    return account;
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  /** A copy of everything stored now, as a backup of the server would hold it. */
  copy(): ReadonlyMap<AccountId, MemoryAccount> {
    return structuredClone(this.#accounts);
  }

  /** Puts an earlier copy back, as a restored server: it is a new incarnation unless told otherwise. */
  restore(copy: ReadonlyMap<AccountId, MemoryAccount>, options: { readonly instance?: 'same' } = {}): void {
    this.#accounts = structuredClone(new Map(copy));
    if (options.instance !== 'same') this.#instance = this.#newInstance();
  }

  #newInstance(): InstanceId {
    return toHex(this.parts.random.bytes(randomIdBytes)) as InstanceId;
  }
}

class MemoryRepository implements port.Repository, KeyStore {
  readonly #server: MemoryServer;
  readonly #device: MemoryDevice;

  constructor(server: MemoryServer, device: MemoryDevice) {
    this.#server = server;
    this.#device = device;
  }

  get #account(): MemoryAccount {
    return this.#server.account(this.#device.account);
  }

  get #storing(): Parameters<typeof storePack>[2] {
    return { hasher: this.#server.parts.hasher, device: this.#device.device };
  }

  async instance({ signal }: port.CallOptions): Promise<InstanceId> {
    signal.throwIfAborted();
    return this.#server.instance;
  }

  async workspaces({ signal }: port.CallOptions): Promise<readonly port.WorkspaceInfo[]> {
    signal.throwIfAborted();
    return Array.from(this.#account.workspaces, ([id, { name, createdAt }]) => {
      const newest = this.#snapshotsOf(id).find(({ header }) => !header.partial);
      const latest = newest && { snapshot: newest.record.id, seq: newest.seq, receivedAt: newest.receivedAt };
      return { id, name, createdAt, latest };
    });
  }

  async createWorkspace({ id, name }: { readonly id: WorkspaceId; readonly name: string }, { signal }: port.CallOptions): Promise<void> {
    signal.throwIfAborted();
    for (const [otherId, other] of this.#account.workspaces) {
      if (otherId === id && other.name === name) return;
      if (otherId === id || other.name === name) {
        throw new BackupError('conflict', 'Another workspace has this name.', { workspace: otherId });
      }
    }
    this.#account.workspaces.set(id, { name, createdAt: this.#server.parts.clock.now() });
  }

  async lanes(workspace: WorkspaceId, { signal }: port.CallOptions): Promise<readonly port.LaneInfo[]> {
    signal.throwIfAborted();
    this.#requireWorkspace(workspace);
    return this.#lanesWhere((lane) => lane.workspace === workspace);
  }

  async lanesOfOrigin(origin: port.LaneInfo['origin'], { signal }: port.CallOptions): Promise<readonly port.LaneInfo[]> {
    signal.throwIfAborted();
    return this.#lanesWhere((lane) => lane.origin === origin);
  }

  async createLane(lane: Pick<port.LaneInfo, 'id' | 'workspace' | 'origin'>, { signal }: port.CallOptions): Promise<void> {
    signal.throwIfAborted();
    const { id, workspace, origin } = lane;
    this.#requireWorkspace(workspace);
    const known = this.#account.lanes.get(id);
    if (known === undefined) {
      const { device, deviceName } = this.#device;
      this.#account.lanes.set(id, { workspace, origin, device, deviceName, head: undefined, headSeq: 0 });
    } else if (known.device !== this.#device.device || known.workspace !== workspace || known.origin !== origin) {
      throw new BackupError('conflict', 'This lane belongs to another device or folder.');
    }
  }

  async missing(ids: Parameters<port.Repository['missing']>[0], { signal }: port.CallOptions): ReturnType<port.Repository['missing']> {
    signal.throwIfAborted();
    requireAtMost(ids.length, missingIdsMax);
    return new Set(ids.filter((id) => !this.#account.objects.has(id)));
  }

  async putPack(pack: port.Pack, { signal }: port.CallOptions): Promise<void> {
    signal.throwIfAborted();
    storePack(this.#account, pack, this.#storing);
  }

  async commit({ record, rows, pack, advance }: port.CommitRequest, { signal }: port.CallOptions): Promise<port.CommitResult> {
    signal.throwIfAborted();
    const account = this.#account;
    const header = this.#checkRecord(record, rows);
    if (advance !== undefined && header.partial) throw new BackupError('invalid', 'A ref never points to a partial snapshot.');
    const lane = account.lanes.get(header.lane);
    if (lane === undefined || lane.workspace !== header.workspace) throw new BackupError('not-found', 'No such lane.');
    if (lane.device !== this.#device.device || header.device !== this.#device.device) {
      throw new BackupError('denied', 'Only its own device advances a lane.');
    }
    const decodedRows = decodePathRows(rows);
    if (pack !== undefined) storePack(account, pack, this.#storing);
    let known = account.snapshots.get(record.id);
    if (known === undefined) {
      if (lane.head?.id !== header.prev) return { kind: 'stale', head: lane.head };
      if (header.n !== (lane.head?.n ?? 0) + 1) throw new BackupError('invalid', 'The lane counter skips.');
      const ids = closeOver(account, header.root, this.#device.device);
      if (ids.length > 0) return { kind: 'missing', ids };
      const receivedAt = this.#server.parts.clock.now();
      known = { seq: this.#server.nextSeq(), receivedAt, deviceName: lane.deviceName, header, record, rows: decodedRows };
      account.snapshots.set(record.id, known);
      lane.head = { n: header.n, id: record.id };
      lane.headSeq = known.seq;
    }
    return { kind: 'committed', seq: known.seq, receivedAt: known.receivedAt, gatheredSeq: 0, ...this.#advance(header, record.id, advance) };
  }

  async fetch(request: port.FetchRequest, { signal }: port.CallOptions): Promise<readonly Uint8Array[]> {
    signal.throwIfAborted();
    if (request.kind === 'objects') requireAtMost(request.ids.length, fetchIdsMax);
    else requireAtMost(request.roots.length, fetchRootsMax);
    return fetchSegments(this.#account, request);
  }

  async snapshots({ workspace, before, limit }: port.SnapshotQuery, { signal }: port.CallOptions): Promise<readonly port.StoredSnapshot[]> {
    signal.throwIfAborted();
    this.#requireWorkspace(workspace);
    const page = this.#snapshotsOf(workspace).filter(({ seq }) => before === undefined || seq < before);
    return page.slice(0, limit).map(storedSnapshot);
  }

  async findSnapshots({ prefix }: { readonly prefix: string }, { signal }: port.CallOptions): Promise<readonly port.StoredSnapshot[]> {
    signal.throwIfAborted();
    const found = Array.from(this.#account.snapshots.values()).filter(({ record }) => record.id.startsWith(prefix));
    return found.slice(0, 2).map(storedSnapshot);
  }

  async history(query: port.HistoryQuery, { signal }: port.CallOptions): Promise<readonly port.HistoryRow[]> {
    signal.throwIfAborted();
    requireAtMost(query.ancestors.length, historyAncestorsMax);
    this.#requireWorkspace(query.workspace);
    const ancestors = new Set(query.ancestors);
    const rows: port.HistoryRow[] = [];
    for (const { seq, record, rows: all } of this.#snapshotsOf(query.workspace)) {
      if (query.before !== undefined && seq >= query.before) continue;
      for (const { path, kind, from } of all) {
        const concerns = path === query.path || (ancestors.has(path) && (kind === 'below' || kind === 'moved-from'));
        if (concerns) rows.push({ path, kind, from, seq, snapshot: record.id });
      }
      if (rows.length >= query.limit) break;
    }
    return rows.slice(0, query.limit);
  }

  async getRing({ signal }: port.CallOptions): Promise<StoredRing | undefined> {
    signal.throwIfAborted();
    return this.#account.ring;
  }

  async createRing(ring: Uint8Array, { signal }: port.CallOptions): Promise<StoredRing> {
    signal.throwIfAborted();
    this.#account.ring ??= { custody: 'managed', version: 1, bytes: ring.slice() };
    return this.#account.ring;
  }

  #requireWorkspace(id: WorkspaceId): void {
    if (!this.#account.workspaces.has(id)) throw new BackupError('not-found', 'No such workspace.');
  }

  #checkRecord(record: SnapshotRecord, rows: Uint8Array): SnapshotHeader {
    const { hasher } = this.#server.parts;
    const { sealed, sealedHash } = record;
    if (sealed === undefined) throw new BackupError('invalid', 'A stub cannot be committed.');
    const idFits = toHex(hasher.sha256(record.header, sealedHash)) === record.id;
    if (!idFits || !equalBytes(hasher.sha256(sealed), sealedHash)) throw new BackupError('corrupt', 'The snapshot is not what its id says.');
    const header = decodeSnapshotHeader(record.header);
    if (!equalBytes(hasher.sha256(rows), header.rowsHash)) throw new BackupError('corrupt', 'These are not the path rows of this snapshot.');
    return header;
  }

  #advance(
    { workspace }: SnapshotHeader,
    id: SnapshotId,
    advance: port.CommitRequest['advance'],
  ): { readonly advanced: boolean; readonly ref: SnapshotId | undefined } {
    if (advance === undefined) return { advanced: false, ref: undefined };
    const { refs } = this.#account;
    const key = `${workspace}/${advance.ref}`;
    const now = refs.get(key);
    if (now !== id && now !== advance.expect) return { advanced: false, ref: now };
    refs.set(key, id);
    return { advanced: true, ref: id };
  }

  #snapshotsOf(workspace: WorkspaceId): readonly MemorySnapshot[] {
    const found = Array.from(this.#account.snapshots.values()).filter(({ header }) => header.workspace === workspace);
    return found.sort((a, b) => b.seq - a.seq);
  }

  #lanesWhere(wanted: (lane: port.LaneInfo) => boolean): readonly port.LaneInfo[] {
    const lanes = Array.from(this.#account.lanes).sort(([, a], [, b]) => b.headSeq - a.headSeq);
    return lanes.map(([id, { headSeq: _, ...lane }]) => ({ id, ...lane })).filter(wanted);
  }
}

function storedSnapshot({ seq, receivedAt, deviceName, header, record }: MemorySnapshot): port.StoredSnapshot {
  return { workspace: header.workspace, seq, receivedAt, deviceName, record };
}

function requireAtMost(count: number, countMax: number): void {
  if (count > countMax) throw new BackupError('invalid', 'Too many at once.', { count, countMax });
}
