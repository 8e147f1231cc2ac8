import assert from 'node:assert/strict';
import { encodeUtf8, toHex } from '../../../base/bytes.ts';
import { isBackupError } from '../../../base/errors.ts';
import type { ErrorCode } from '../../../base/errors.ts';
import { randomIdBytes } from '../../../protocol/ids.ts';
import type { ChunkId, DeviceId, LaneId, ObjectId, OriginId, TreeId, WorkspaceId } from '../../../protocol/ids.ts';
import { byteStringOfText } from '../../core/byteString.ts';
import type { ByteName } from '../../core/byteString.ts';
import { chunkId } from '../../core/chunk/chunkId.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { deriveKeys } from '../../core/keys/deriveKeys.ts';
import { createKeyRing } from '../../core/keys/keyRing.ts';
import { encodePack } from '../../core/pack/pack.ts';
import { encodeSegment } from '../../core/segment/encodeSegment.ts';
import type { PlainObject, SegmentContent } from '../../core/segment/segmentTypes.ts';
import { encodeSnapshot } from '../../core/snapshot/encodeSnapshot.ts';
import { encodePathRows } from '../../core/snapshot/pathRows.ts';
import type { PathRow, SnapshotHeader } from '../../core/snapshot/snapshotTypes.ts';
import { encodeTreeNode } from '../../core/tree/treeNode.ts';
import type { TreeEntry } from '../../core/tree/treeTypes.ts';
import type { KeyStore } from '../../ports/keyStore.ts';
import type { Primitives } from '../../ports/primitives.ts';
import type { CommitRequest, CommitResult, LaneHead, Pack, Repository } from '../../ports/repository.ts';
import { emptyDetails } from '../emptyDetails.ts';

export interface SuiteDevice {
  readonly repository: Repository & KeyStore;
  readonly device: DeviceId;
  readonly deviceName: string;
}

/** An empty store, seen by two devices of one account and one of another. */
export interface SuiteStore {
  readonly laptop: SuiteDevice;
  readonly desktop: SuiteDevice;
  readonly stranger: SuiteDevice;
  close(): Promise<void>;
}

/** A lane that a case commits to, and where it stands. */
export interface SuiteLane {
  readonly by: SuiteDevice;
  readonly workspace: WorkspaceId;
  readonly id: LaneId;
  readonly origin: OriginId;
  head: LaneHead | undefined;
}

export interface CommitWish {
  readonly root: TreeId;
  readonly pack?: Pack;
  readonly partial?: boolean;
  readonly rows?: readonly PathRow[];
  readonly advance?: CommitRequest['advance'];
  /** In place of the lane's own head. */
  readonly prev?: LaneHead | undefined;
}

/** What the cases of the suite build their objects, packs and snapshots with. */
export class SuiteWorld {
  readonly laptop: SuiteDevice;
  readonly desktop: SuiteDevice;
  readonly stranger: SuiteDevice;
  readonly context: FormatContext;
  readonly signal = new AbortController().signal;
  #clock = 1_700_000_000_000;

  constructor({ laptop, desktop, stranger }: SuiteStore, primitives: Primitives) {
    this.laptop = laptop;
    this.desktop = desktop;
    this.stranger = stranger;
    this.context = { ...primitives, keys: deriveKeys(createKeyRing(primitives.random), primitives.hasher) };
  }

  randomId<Id extends string>(bytes: number = randomIdBytes): Id {
    return toHex(this.context.random.bytes(bytes)) as Id;
  }

  async workspace(by: SuiteDevice, name = 'project'): Promise<WorkspaceId> {
    const id = this.randomId<WorkspaceId>();
    await by.repository.createWorkspace({ id, name }, this);
    return id;
  }

  async lane(by: SuiteDevice, workspace?: WorkspaceId): Promise<SuiteLane> {
    const lane = { id: this.randomId<LaneId>(), workspace: workspace ?? (await this.workspace(by)), origin: this.randomId<OriginId>(24) };
    await by.repository.createLane(lane, this);
    return { ...lane, by, head: undefined };
  }

  chunk(text: string): PlainObject {
    const body = encodeUtf8(text);
    return { kind: 'chunk', id: chunkId(body, this.context), children: [], body };
  }

  /** A directory of files (a chunk each) and directories (a tree each). */
  tree(children: Readonly<Record<string, PlainObject>>): PlainObject & { readonly id: TreeId } {
    const entries = Object.entries(children).map(([name, object]): TreeEntry => {
      const base = { name: byteStringOfText(name) as ByteName, mode: 0o644, mtimeNs: 1n };
      if (object.kind === 'tree') return { ...base, kind: 'directory', tree: object.id as TreeId };
      return { ...base, kind: 'file', size: object.body.length, content: { kind: 'chunks', chunks: [object.id as ChunkId] } };
    });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const object = encodeTreeNode({ level: 0, entries }, this.context);
    return { ...object, id: object.id as TreeId };
  }

  segment(...objects: readonly PlainObject[]): Promise<Uint8Array> {
    const content: SegmentContent = objects[0]?.kind === 'chunk' ? 'data' : 'trees';
    return encodeSegment({ content, objects }, this.context);
  }

  /** A pack of these objects: one segment of chunks, one of trees, as far as there are any. */
  async pack(...objects: readonly PlainObject[]): Promise<Pack> {
    const chunks = objects.filter(({ kind }) => kind === 'chunk');
    const trees = objects.filter(({ kind }) => kind !== 'chunk');
    const groups = [chunks, trees].filter(({ length }) => length > 0);
    return this.packOf(...(await Promise.all(groups.map((group) => this.segment(...group)))));
  }

  packOf(...segments: readonly Uint8Array[]): Promise<Pack> {
    return encodePack(segments, this.context.hasher);
  }

  /** A snapshot that continues the lane; `take` tells the lane of the answer. */
  request(lane: SuiteLane, wish: CommitWish): CommitRequest {
    const rows = encodePathRows(wish.rows ?? []);
    const prev = 'prev' in wish ? wish.prev : lane.head;
    const header: Omit<SnapshotHeader, 'epoch'> = {
      workspace: lane.workspace,
      lane: lane.id,
      n: (prev?.n ?? 0) + 1,
      prev: prev?.id,
      parents: [],
      root: wish.root,
      trigger: wish.partial === true ? 'checkpoint' : 'manual',
      partial: wish.partial ?? false,
      device: lane.by.device,
      time: this.#clock++,
      rowsHash: this.context.hasher.sha256(rows),
    };
    return { record: encodeSnapshot(header, emptyDetails, this.context), rows, pack: wish.pack, advance: wish.advance };
  }

  commit(lane: SuiteLane, wish: CommitWish): Promise<CommitResult> {
    return this.send(lane, this.request(lane, wish));
  }

  async send(lane: SuiteLane, request: CommitRequest): Promise<CommitResult> {
    const result = await lane.by.repository.commit(request, this);
    if (result.kind === 'committed') lane.head = { n: (lane.head?.n ?? 0) + 1, id: request.record.id };
    return result;
  }

  /** Commits and insists that it is accepted. */
  async commitWell(lane: SuiteLane, wish: CommitWish): Promise<CommitResult & { readonly kind: 'committed' } & { readonly request: CommitRequest }> {
    const request = this.request(lane, wish);
    const result = await this.send(lane, request);
    assert.ok(result.kind === 'committed', `committed, not ${result.kind}`);
    return { ...result, request };
  }

  async isMissing(by: SuiteDevice, ...ids: readonly ObjectId[]): Promise<readonly boolean[]> {
    const missing = await by.repository.missing(ids, this);
    return ids.map((id) => missing.has(id));
  }
}

export async function rejectsWith(code: ErrorCode | readonly ErrorCode[], call: Promise<unknown>): Promise<void> {
  const codes = typeof code === 'string' ? [code] : code;
  await assert.rejects(call, (error) => {
    assert.ok(isBackupError(error) && codes.includes(error.code), `${codes.join(' or ')}, not ${String(error)}`);
    return true;
  });
}

/** The segments as sets of bytes are compared: by their hex hash. */
export function segmentNames(segments: readonly Uint8Array[], { hasher }: FormatContext): readonly string[] {
  return segments.map((bytes) => toHex(hasher.sha256(bytes)));
}
