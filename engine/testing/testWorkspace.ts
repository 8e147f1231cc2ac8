import { toHex } from '../../base/bytes.ts';
import type { AccountId, ChunkId, DeviceId, LaneId, OriginId, SnapshotId, TreeId, WorkspaceId } from '../../protocol/ids.ts';
import { packBytesTarget } from '../../protocol/limits.ts';
import type { ByteName, BytePath } from '../core/byteString.ts';
import { byteStringOfText, rootPath } from '../core/byteString.ts';
import { chunkId, chunkObject } from '../core/chunk/chunkId.ts';
import { Cutter } from '../core/chunk/cutter.ts';
import type { FormatContext } from '../core/formatContext.ts';
import { deriveKeys } from '../core/keys/deriveKeys.ts';
import { createKeyRing } from '../core/keys/keyRing.ts';
import { buildList } from '../core/list/buildList.ts';
import { encodePack } from '../core/pack/pack.ts';
import { encodeSegment } from '../core/segment/encodeSegment.ts';
import { SegmentBuilder } from '../core/segment/segmentBuilder.ts';
import type { PlainSegment } from '../core/segment/encodeSegment.ts';
import type { PlainObject } from '../core/segment/segmentTypes.ts';
import { encodeSnapshot } from '../core/snapshot/encodeSnapshot.ts';
import { encodePathRows } from '../core/snapshot/pathRows.ts';
import type { PathRow } from '../core/snapshot/snapshotTypes.ts';
import { DirectoryTree } from '../core/tree/directoryTree.ts';
import { inlineChunksMax } from '../core/tree/treeTypes.ts';
import type { FileContent, TreeEntry } from '../core/tree/treeTypes.ts';
import { createPrimitives } from '../platform/primitives.ts';
import type { KeyStore } from '../ports/keyStore.ts';
import type { Repository } from '../ports/repository.ts';
import { MemoryServer } from '../store/memoryRepository.ts';
import { emptyDetails } from './emptyDetails.ts';

/** What a test says a folder holds: text or bytes are a file. */
export interface FolderSpec {
  readonly [name: string]: Spec;
}
export type Spec =
  | string
  | Uint8Array
  | { readonly link: string }
  | { readonly file: string | Uint8Array; readonly mode?: number; readonly mtimeNs?: bigint }
  | { readonly folder: FolderSpec; readonly mode?: number; readonly mtimeNs?: bigint };

export interface CommitOptions {
  readonly lane?: TestLane;
  readonly partial?: boolean;
  readonly rows?: readonly PathRow[];
}

export interface TestLane {
  readonly id: LaneId;
  n: number;
  head: SnapshotId | undefined;
}

export const testMtimeNs = 1_700_000_000_123_456_000n;
const signal = new AbortController().signal;

/** Snapshots made directly from what a test says, stored in a server in memory. */
export class TestWorkspace {
  readonly context: FormatContext;
  readonly server: MemoryServer;
  readonly repository: Repository & KeyStore;
  readonly workspace: WorkspaceId;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly lane: TestLane;
  /** Ascending; the server's clock. */
  now = 1_700_000_000_000;

  static async create(): Promise<TestWorkspace> {
    const made = new TestWorkspace();
    await made.repository.createWorkspace({ id: made.workspace, name: 'test' }, { signal });
    await made.#registerLane(made.lane);
    return made;
  }

  private constructor() {
    const primitives = createPrimitives();
    const newId = (): string => toHex(primitives.random.bytes(16));
    this.context = { ...primitives, keys: deriveKeys(createKeyRing(primitives.random), primitives.hasher) };
    this.server = new MemoryServer({ ...primitives, clock: { now: () => ++this.now } });
    this.account = newId() as AccountId;
    this.device = newId() as DeviceId;
    this.workspace = newId() as WorkspaceId;
    this.lane = { id: newId() as LaneId, n: 0, head: undefined };
    this.repository = this.server.repository({ account: this.account, device: this.device, deviceName: 'test' });
  }

  async newLane(): Promise<TestLane> {
    const lane = { id: toHex(this.context.random.bytes(16)) as LaneId, n: 0, head: undefined };
    await this.#registerLane(lane);
    return lane;
  }

  /** Stores a folder and answers its root. */
  async store(spec: FolderSpec): Promise<TreeId> {
    const objects: PlainObject[] = [];
    const root = this.#addFolder(spec, objects);
    await this.putObjects(objects);
    return root;
  }

  async commit(spec: FolderSpec, options: CommitOptions = {}): Promise<SnapshotId> {
    return await this.commitRoot(await this.store(spec), options);
  }

  async commitRoot(root: TreeId, { lane = this.lane, partial = false, rows = [] }: CommitOptions = {}): Promise<SnapshotId> {
    const encodedRows = encodePathRows(rows);
    const header = {
      workspace: this.workspace,
      lane: lane.id,
      n: lane.n + 1,
      prev: lane.head,
      parents: [],
      root,
      trigger: 'manual',
      partial,
      device: this.device,
      time: this.now,
      rowsHash: this.context.hasher.sha256(encodedRows),
    } as const;
    const record = encodeSnapshot(header, emptyDetails, this.context);
    const result = await this.repository.commit({ record, rows: encodedRows, pack: undefined, advance: undefined }, { signal });
    if (result.kind !== 'committed') throw new Error(`Not committed: ${result.kind}`);
    lane.n += 1;
    lane.head = record.id;
    return record.id;
  }

  async putObjects(objects: readonly PlainObject[]): Promise<void> {
    const builder = new SegmentBuilder();
    const plain = objects.map((object) => builder.add(object)).filter((segment) => segment !== undefined);
    await this.putSegments([...plain, ...builder.finish()]);
  }

  async putSegments(plain: readonly PlainSegment[]): Promise<void> {
    let batch: Uint8Array[] = [];
    const flush = async (): Promise<void> => {
      await this.repository.putPack(await encodePack(batch, this.context.hasher), { signal });
      batch = [];
    };
    let bytes = 0;
    for (const segment of plain) {
      const sealed = await encodeSegment(segment, this.context);
      bytes += sealed.length;
      batch.push(sealed);
      if (bytes >= packBytesTarget) {
        await flush();
        bytes = 0;
      }
    }
    if (batch.length > 0) await flush();
  }

  contentOf(bytes: Uint8Array, objects: PlainObject[]): FileContent {
    const cutter = new Cutter(this.context.keys.gear);
    const pieces = [...cutter.push(bytes)];
    const last = cutter.finish();
    if (last !== undefined) pieces.push(last);
    const chunks = pieces.map((piece) => {
      const id: ChunkId = chunkId(piece, this.context);
      objects.push(chunkObject(id, piece));
      return { id, bytes: piece.length };
    });
    if (chunks.length <= inlineChunksMax) return { kind: 'chunks', chunks: chunks.map(({ id }) => id) };
    const list = buildList(chunks, this.context);
    objects.push(...list.objects);
    return { kind: 'list', list: list.list };
  }

  #addFolder(spec: FolderSpec, objects: PlainObject[]): TreeId {
    const entries = Object.entries(spec).map(([name, one]) => this.#entry(byteStringOfText(name) as string as ByteName, one, objects));
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const tree = DirectoryTree.build(entries, this.context);
    objects.push(...tree.nodes());
    return tree.root;
  }

  #entry(name: ByteName, spec: Spec, objects: PlainObject[]): TreeEntry {
    if (typeof spec === 'string' || spec instanceof Uint8Array) return this.#entry(name, { file: spec }, objects);
    if ('link' in spec && typeof spec.link === 'string') {
      return { kind: 'symlink', name, mode: 0o777, mtimeNs: testMtimeNs, target: byteStringOfText(spec.link) };
    }
    if ('file' in spec) {
      const bytes = typeof spec.file === 'string' ? new TextEncoder().encode(spec.file) : spec.file;
      const content = this.contentOf(bytes, objects);
      return { kind: 'file', name, mode: spec.mode ?? 0o644, mtimeNs: spec.mtimeNs ?? testMtimeNs, size: bytes.length, content };
    }
    if (!('folder' in spec)) throw new Error('A folder is written { folder: … }.');
    const tree = this.#addFolder(spec.folder, objects);
    return { kind: 'directory', name, mode: spec.mode ?? 0o755, mtimeNs: spec.mtimeNs ?? testMtimeNs, tree };
  }

  async #registerLane({ id }: TestLane): Promise<void> {
    const origin = toHex(this.context.random.bytes(24)) as OriginId;
    await this.repository.createLane({ id, workspace: this.workspace, origin }, { signal });
  }
}

/** A path as a test writes it. */
export function path(text: string): BytePath {
  return text === '' ? rootPath : byteStringOfText(text);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
