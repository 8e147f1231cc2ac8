import assert from 'node:assert/strict';
import { toHex } from '../../base/bytes.ts';
import { isBackupError } from '../../base/errors.ts';
import { byteStringOfText } from '../../engine/core/byteString.ts';
import type { ByteName } from '../../engine/core/byteString.ts';
import { chunkId, chunkObject } from '../../engine/core/chunk/chunkId.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { encodeSegment } from '../../engine/core/segment/encodeSegment.ts';
import type { PlainObject } from '../../engine/core/segment/segmentTypes.ts';
import { encodeSnapshot } from '../../engine/core/snapshot/encodeSnapshot.ts';
import { encodePathRows } from '../../engine/core/snapshot/pathRows.ts';
import type { SnapshotDetails } from '../../engine/core/snapshot/snapshotTypes.ts';
import { DirectoryTree } from '../../engine/core/tree/directoryTree.ts';
import type { TreeEntry } from '../../engine/core/tree/treeTypes.ts';
import type { CommitRequest, CommitResult, LaneHead, Pack, Repository } from '../../engine/ports/repository.ts';
import type { Dice } from '../../engine/testing/dice.ts';
import type { ChunkId, LaneId, ObjectId, OriginId, SnapshotId, TreeId, WorkspaceId } from '../../protocol/ids.ts';
import type { DeviceScope } from '../../server/core/serverCore.ts';
import type { FaultyNetwork } from './faultyNetwork.ts';
import { packNow } from './packNow.ts';
import type { Files } from './restorer.ts';
import type { SimulatedServer } from './simulatedServer.ts';
import { emptyDetails } from '../../engine/testing/emptyDetails.ts';

/** What the server said is safe, and what it must give back. */
export interface Acknowledged {
  readonly request: CommitRequest;
  readonly root: TreeId;
  readonly files: Files;
  readonly seq: number;
}

interface Pending {
  readonly request: CommitRequest;
  readonly root: TreeId;
  readonly files: Files;
  readonly n: number;
}

export interface SimulatedClientParts {
  readonly scope: DeviceScope;
  readonly workspace: WorkspaceId;
  readonly context: FormatContext;
  readonly dice: Dice;
  readonly network: FaultyNetwork;
  readonly server: SimulatedServer;
  /** Contents that several devices and accounts hold. */
  readonly common: readonly Uint8Array[];
}

type Committed = CommitResult & { readonly kind: 'committed' };

const { signal } = new AbortController();
const chunkBytes = 400;
const details: SnapshotDetails = { ...emptyDetails, host: 'simulated', folder: '/simulated' };

/**
 * A device that edits a small folder and backs it up with the real formats. It keeps to the protocol and to nothing
 * more: it believes `missing`, skips what lies beneath a tree that the server has, goes on when an upload was not
 * answered, and relies on the commit to say what is not there.
 */
export class SimulatedClient {
  readonly parts: SimulatedClientParts;
  readonly acknowledged: Acknowledged[] = [];
  /** The largest number up to which the server said that all is in volumes. */
  gatheredSeq = 0;
  readonly #lane: LaneId;
  readonly #origin: OriginId;
  #laneMade = false;
  readonly #files = new Map<string, Uint8Array>();
  /** Everything it ever made, to send when it is missing. */
  readonly #objects = new Map<ObjectId, PlainObject>();
  readonly #chunked = new WeakMap<Uint8Array, readonly ChunkId[]>();
  #head: LaneHead | undefined;
  #pending: Pending | undefined;

  constructor(parts: SimulatedClientParts) {
    this.parts = parts;
    this.#lane = toHex(parts.context.random.bytes(16)) as LaneId;
    this.#origin = toHex(parts.context.random.bytes(24)) as OriginId;
  }

  get repository(): Repository {
    return this.parts.server.core.accountRepository(this.parts.scope);
  }

  /** One go at backing up; what fails for reasons outside is tried again in a later one. */
  async push(): Promise<void> {
    try {
      if (!this.#laneMade) await this.#makeLane();
      this.#pending ??= await this.#snapshot();
      await this.#commit(this.#pending);
    } catch (error) {
      if (!isBackupError(error, 'unavailable') && !isBackupError(error, 'limit')) throw error;
    }
  }

  async #makeLane(): Promise<void> {
    const { workspace } = this.parts;
    await this.#call((repository) => repository.createWorkspace({ id: workspace, name: workspace }, { signal }));
    await this.#call((repository) => repository.createLane({ id: this.#lane, workspace, origin: this.#origin }, { signal }));
    this.#laneMade = true;
  }

  #call<T>(call: (repository: Repository) => Promise<T>): Promise<T> {
    // A late copy finds whatever server runs by then.
    return this.parts.network.call(() => call(this.repository));
  }

  async #snapshot(): Promise<Pending> {
    const { context, dice, workspace, scope } = this.parts;
    this.#edit();
    const files = new Map(this.#files);
    const root = this.#build();
    const unsent = await this.#planUpload(root);
    const later = dice.below(3); // Which kinds travel ahead of the commit: none, data, all.
    const ahead = unsent.filter(({ kind }) => later === 2 || (later === 1 && kind === 'chunk'));
    if (ahead.length > 0) await this.#upload(await this.#pack(ahead));
    const along = unsent.filter((object) => !ahead.includes(object));
    const rows = encodePathRows([]);
    const n = (this.#head?.n ?? 0) + 1;
    const record = encodeSnapshot(
      {
        workspace,
        lane: this.#lane,
        n,
        prev: this.#head?.id,
        parents: [],
        root,
        trigger: 'save',
        partial: false,
        device: scope.device,
        time: n,
        rowsHash: context.hasher.sha256(rows),
      },
      details,
      context,
    );
    const pack = along.length > 0 ? await this.#pack(along) : undefined;
    return { request: { record, rows, pack, advance: undefined }, root, files, n };
  }

  /** Whether an upload was answered says nothing that the commit does not say again. */
  async #upload(pack: Pack): Promise<void> {
    try {
      await this.#call((repository) => repository.putPack(pack, { signal }));
    } catch (error) {
      if (!isBackupError(error, 'unavailable')) throw error;
    }
  }

  async #commit(pending: Pending): Promise<void> {
    let { request } = pending;
    for (let round = 0; round < 20; round++) {
      const sent = request;
      const result = await this.#call((repository) => repository.commit(sent, { signal }));
      if (result.kind === 'committed') return this.#acknowledge(pending, result);
      assert.equal(result.kind, 'missing', 'only this device advances its lane, so it is never stale');
      if (result.kind === 'missing') request = await this.#supply(request, result.ids);
    }
  }

  /** Sends what was missing ahead of the commit, or along with it. */
  async #supply(request: CommitRequest, ids: readonly ObjectId[]): Promise<CommitRequest> {
    const objects = ids.map((id) => this.#objects.get(id));
    assert.ok(objects.every((object) => object !== undefined), 'the server asks for nothing that was not referred to');
    const pack = await this.#pack(objects);
    if (this.parts.dice.chance(0.5)) return { ...request, pack };
    await this.#upload(pack);
    return { ...request, pack: undefined };
  }

  #acknowledge(pending: Pending, { seq, gatheredSeq }: Committed): void {
    this.acknowledged.push({ ...pending, seq });
    this.#head = { n: pending.n, id: pending.request.record.id };
    this.#pending = undefined;
    this.gatheredSeq = Math.max(this.gatheredSeq, gatheredSeq);
  }

  get head(): SnapshotId | undefined {
    return this.#head?.id;
  }

  #edit(): void {
    const { dice, common } = this.parts;
    for (let edits = 1 + dice.below(3); edits > 0; edits--) {
      const path = Array.from({ length: dice.below(3) }, () => `d${dice.below(2)}`).concat(`f${dice.below(4)}`).join('/');
      if (dice.chance(0.15)) this.#files.delete(path);
      else this.#files.set(path, dice.chance(0.4) ? dice.pick(common) : dice.bytes(dice.below(1_000)));
    }
  }

  /** Makes all objects of the folder as it is; answers its root. */
  #build(at = ''): TreeId {
    const entries = new Map<string, TreeEntry>();
    const prefix = at === '' ? '' : `${at}/`;
    for (const [path, bytes] of this.#files) {
      if (!path.startsWith(prefix)) continue;
      const [text = '', ...below] = path.slice(prefix.length).split('/');
      const name = byteStringOfText(text) as ByteName;
      const base = { name, mode: 0o644, mtimeNs: 1n };
      if (below.length > 0) {
        if (!entries.has(name)) entries.set(name, { ...base, kind: 'directory', tree: this.#build(prefix + text) });
      } else {
        entries.set(name, { ...base, kind: 'file', size: bytes.length, content: { kind: 'chunks', chunks: this.#chunks(bytes) } });
      }
    }
    const sorted = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const tree = DirectoryTree.build(sorted, this.parts.context);
    for (const node of tree.nodes()) this.#objects.set(node.id, node);
    return tree.root;
  }

  #chunks(bytes: Uint8Array): readonly ChunkId[] {
    const known = this.#chunked.get(bytes);
    if (known !== undefined) return known;
    const chunks: ChunkId[] = [];
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const content = bytes.slice(at, at + chunkBytes);
      const id = chunkId(content, this.parts.context);
      this.#objects.set(id, chunkObject(id, content));
      chunks.push(id);
    }
    this.#chunked.set(bytes, chunks);
    return chunks;
  }

  /** What the server says it lacks; beneath a tree that it has, nothing is looked at. Now and then, everything. */
  async #planUpload(root: TreeId): Promise<readonly PlainObject[]> {
    const { dice } = this.parts;
    const all = this.#beneath(root, () => true);
    if (dice.chance(0.1)) return all;
    const missing = await this.#call((repository) => repository.missing(all.map(({ id }) => id), { signal }));
    return this.#beneath(root, (id) => missing.has(id));
  }

  #beneath(root: ObjectId, wanted: (id: ObjectId) => boolean): readonly PlainObject[] {
    const seen = new Set<ObjectId>();
    const left = [root];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (seen.has(id) || !wanted(id)) continue;
      seen.add(id);
      left.push(...this.#objects.get(id)!.children);
    }
    return Array.from(seen, (id) => this.#objects.get(id)!);
  }

  /** One segment or several of either content. */
  async #pack(objects: readonly PlainObject[]): Promise<Pack> {
    const { context, dice } = this.parts;
    const segments: Uint8Array[] = [];
    for (const content of ['data', 'trees'] as const) {
      const some = objects.filter(({ kind }) => (kind === 'chunk') === (content === 'data'));
      const size = dice.chance(0.5) ? some.length : 1 + dice.below(some.length);
      for (let at = 0; at < some.length; at += size) {
        segments.push(await encodeSegment({ content, objects: some.slice(at, at + size) }, context));
      }
    }
    return packNow(segments, context.hasher);
  }
}
