import { concatBytes } from '../../base/bytes.ts';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { joinPath, type BytePath } from '../../engine/core/byteString.ts';
import { diffTrees } from '../../engine/core/diff/diffTrees.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { openSnapshotDetails } from '../../engine/core/snapshot/encodeSnapshot.ts';
import type { TreeEntry } from '../../engine/core/tree/treeTypes.ts';
import { historyOfPath } from '../../engine/run/history/historyOfPath.ts';
import { locate, locateFile } from '../../engine/run/read/listTree.ts';
import { findSnapshotById, listSnapshots, requireContent, type Snapshot } from '../../engine/run/read/snapshots.ts';
import type { SnapshotId, TreeId, WorkspaceId } from '../../protocol/ids.ts';
import type {
  ChangeList,
  ChangeSummary,
  DeletedFile,
  EntrySummary,
  HistoryItem,
  HistoryList,
  SnapshotPath,
  SnapshotSummary,
} from '../messages/engineCalls.ts';
import type { ServerLink } from './serverLink.ts';

/** An editor shows no larger file; a restore has no such bound. */
const openBytesMax = 256 * 1024 * 1024;
const changedShownMax = 20;
/** Snapshots that are looked through for deleted files. */
const deletionsSnapshotsMax = 2_000;
const knownSnapshotsMax = 2_000;

interface Options {
  readonly signal: AbortSignal;
}

/** What the sidebar and read-only documents show: reads of one account's snapshots. */
export class SnapshotBrowser {
  readonly #link: ServerLink;
  /** Snapshots never change, so each is asked for once. */
  readonly #known = new Map<SnapshotId, Snapshot>();

  constructor(link: ServerLink) {
    this.#link = link;
  }

  /** Newest first. */
  async snapshots({ workspace, before, limit }: { readonly workspace: WorkspaceId; readonly before: number | undefined; readonly limit: number }, { signal }: Options): Promise<readonly SnapshotSummary[]> {
    const context = await this.#link.formatContext();
    const scope = { repository: this.#link.patient, workspace, signal };
    const found: SnapshotSummary[] = [];
    for await (const snapshot of listSnapshots(scope, { pageSize: limit, ...(before === undefined ? {} : { before }) })) {
      this.#remember(snapshot);
      if (found.push(summaryOf(snapshot, context)) === limit) break;
    }
    return found;
  }

  async snapshot(id: SnapshotId, options: Options): Promise<SnapshotSummary> {
    return summaryOf(await this.#find(id, options), await this.#link.formatContext());
  }

  /** What changed from the snapshot before it in its lane. Of a first snapshot everything did, so nothing is listed. */
  async changes({ snapshot: id, limit }: { readonly snapshot: SnapshotId; readonly limit: number }, options: Options): Promise<ChangeList> {
    const snapshot = await this.#find(id, options);
    const { prev, parents } = snapshot.header;
    const previous = await this.#previous(prev ?? parents[0], options);
    if (previous === undefined) return { previous: undefined, changes: [], more: false };
    const reader = await this.#link.reader();
    const changes: ChangeSummary[] = [];
    for await (const { path, kind, before, after } of diffTrees(reader, { before: previous.header.root, after: snapshot.header.root })) {
      options.signal.throwIfAborted();
      const entry = (after ?? before)!.kind;
      // A folder that came, went or changed its mode is told by what is in it, unless it is empty or gone as a whole.
      if (entry === 'directory' && kind !== 'delete') continue;
      if (isUnderDeleted(path, changes.at(-1))) continue;
      if (changes.length === limit) return { previous: previous.id, changes, more: true };
      changes.push({ path, kind, entry });
    }
    return { previous: previous.id, changes, more: false };
  }

  async directory({ snapshot, path }: SnapshotPath, options: Options): Promise<readonly EntrySummary[]> {
    const reader = await this.#link.reader();
    const located = await locate(reader, await this.#root(snapshot, options), path);
    if (located.kind !== 'root' && located.kind !== 'directory') throw new BackupError('invalid', 'This is a file, not a folder.');
    const entries: EntrySummary[] = [];
    for await (const entry of reader.entries(located.tree)) {
      options.signal.throwIfAborted();
      entries.push(entryOf(joinPath(path, entry.name), entry));
    }
    return entries;
  }

  async stat({ snapshot: id, path }: SnapshotPath, options: Options): Promise<EntrySummary> {
    const snapshot = requireContent(await this.#find(id, options));
    const located = await locate(await this.#link.reader(), snapshot.header.root, path);
    if (located.kind === 'root') return { path, kind: 'directory', size: 0, modifiedAt: snapshot.receivedAt };
    return entryOf(path, located);
  }

  async readFile({ snapshot, path }: SnapshotPath, options: Options): Promise<Uint8Array> {
    const reader = await this.#link.reader();
    const file = await locateFile(reader, await this.#root(snapshot, options), path);
    if (file.size > openBytesMax) throw new BackupError('limit', 'This file is too large to be shown; restore it instead.');
    const parts: Uint8Array[] = [];
    for await (const part of reader.readFile(file)) {
      options.signal.throwIfAborted();
      parts.push(part);
    }
    return concatBytes(parts);
  }

  /** Every version of one path, newest first. */
  async history({ workspace, path, limit }: { readonly workspace: WorkspaceId; readonly path: BytePath; readonly limit: number }, { signal }: Options): Promise<HistoryList> {
    const context = await this.#link.formatContext();
    const scope = { repository: this.#link.patient, workspace, signal };
    const items: HistoryItem[] = [];
    for await (const { snapshot, path: at, kind, from, after } of historyOfPath(path, { scope, reader: await this.#link.reader(), context })) {
      if (items.length === limit) return { items, more: true };
      this.#remember(snapshot);
      const previous = snapshot.header.prev ?? snapshot.header.parents[0];
      items.push({ snapshot: summaryOf(snapshot, context), path: at, kind, from, size: after?.kind === 'file' ? after.size : undefined, previous });
    }
    return { items, more: false };
  }

  /** Files that some snapshot deleted and the newest does not have, the latest deletion first. */
  async deletedFiles({ workspace, limit }: { readonly workspace: WorkspaceId; readonly limit: number }, options: Options): Promise<readonly DeletedFile[]> {
    const found = new Map<BytePath, DeletedFile>();
    const reader = await this.#link.reader();
    const context = await this.#link.formatContext();
    let newest: TreeId | undefined;
    let seen = 0;
    for await (const snapshot of listSnapshots({ repository: this.#link.patient, workspace, signal: options.signal })) {
      if (seen++ === deletionsSnapshotsMax || found.size >= limit) break;
      if (snapshot.stub) continue;
      newest ??= snapshot.header.root;
      const { prev } = snapshot.header;
      if (prev === undefined || openSnapshotDetails(snapshot.record, context).counts.filesDeleted === 0) continue;
      const before = await this.#previous(prev, options);
      if (before === undefined) continue;
      for await (const { path, kind, before: entry } of diffTrees(reader, { before: before.header.root, after: snapshot.header.root })) {
        options.signal.throwIfAborted();
        if (kind !== 'delete' || entry?.kind === 'directory' || found.has(path)) continue;
        if ((await reader.resolvePath(newest, path)) !== undefined) continue;
        found.set(path, { path, deletedAt: snapshot.receivedAt, snapshot: before.id });
        if (found.size >= limit) break;
      }
    }
    return [...found.values()];
  }

  async #root(id: SnapshotId, options: Options): Promise<TreeId> {
    return requireContent(await this.#find(id, options)).header.root;
  }

  async #previous(id: SnapshotId | undefined, options: Options): Promise<Snapshot | undefined> {
    if (id === undefined) return undefined;
    try {
      const snapshot = await this.#find(id, options);
      return snapshot.stub ? undefined : snapshot;
    } catch (error) {
      if (isBackupError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async #find(id: SnapshotId, { signal }: Options): Promise<Snapshot> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const snapshot = await findSnapshotById(id, { repository: this.#link.patient, signal });
    this.#remember(snapshot);
    return snapshot;
  }

  #remember(snapshot: Snapshot): void {
    if (this.#known.size >= knownSnapshotsMax) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(snapshot.id, snapshot);
  }
}

function summaryOf(snapshot: Snapshot, context: FormatContext): SnapshotSummary {
  const { id, workspace, seq, receivedAt, deviceName, stub, header } = snapshot;
  const details = stub ? undefined : openSnapshotDetails(snapshot.record, context);
  return {
    id,
    workspace,
    seq,
    receivedAt,
    deviceName,
    trigger: header.trigger,
    partial: header.partial,
    stub,
    first: header.prev === undefined && header.parents.length === 0,
    message: details?.message,
    counts: details?.counts,
    warnings: details?.warningsTotal ?? 0,
    changed: details?.changed.slice(0, changedShownMax).map(({ path }) => path) ?? [],
  };
}

function entryOf(path: BytePath, entry: TreeEntry): EntrySummary {
  const modifiedAt = Number(entry.mtimeNs / 1_000_000n);
  return { path, kind: entry.kind, size: entry.kind === 'file' ? entry.size : 0, modifiedAt };
}

/** A deleted folder is one change, not one for each thing that was in it. */
function isUnderDeleted(path: BytePath, last: ChangeSummary | undefined): boolean {
  return last?.kind === 'delete' && last.entry === 'directory' && path.startsWith(`${last.path}/`);
}
