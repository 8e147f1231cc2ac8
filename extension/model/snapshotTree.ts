import type { BytePath } from '../../engine/core/byteString.ts';
import type { SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import type { CallName, ChangeSummary, EntrySummary, ParamsOf, ResultOf, SnapshotSummary } from '../messages/engineCalls.ts';
import { groupByDay, type SnapshotDay, type SnapshotRun } from './snapshotRuns.ts';

export const snapshotsPage = 200;
export const entriesPage = 500;
export const changesMax = 500;

/** Asks the engine. */
export type Ask = <Name extends CallName>(name: Name, params: ParamsOf<Name>) => Promise<ResultOf<Name>>;

export interface TreeFolder {
  /** The folder on this machine; undefined for a workspace that is only looked at. */
  readonly folder: string;
  readonly name: string;
}

export type TreeNode =
  | { readonly kind: 'workspace'; readonly at: TreeFolder }
  | { readonly kind: 'day'; readonly at: TreeFolder; readonly day: SnapshotDay }
  | { readonly kind: 'run'; readonly at: TreeFolder; readonly run: SnapshotRun }
  | { readonly kind: 'snapshot'; readonly at: TreeFolder; readonly snapshot: SnapshotSummary }
  | { readonly kind: 'change'; readonly at: TreeFolder; readonly snapshot: SnapshotSummary; readonly change: ChangeSummary; readonly previous: SnapshotId | undefined }
  | { readonly kind: 'whole'; readonly at: TreeFolder; readonly snapshot: SnapshotSummary }
  | { readonly kind: 'entry'; readonly at: TreeFolder; readonly snapshot: SnapshotSummary; readonly entry: EntrySummary }
  | { readonly kind: 'moreSnapshots'; readonly at: TreeFolder }
  | { readonly kind: 'moreEntries'; readonly at: TreeFolder; readonly key: string; readonly left: number }
  | { readonly kind: 'note'; readonly at: TreeFolder; readonly text: string };

interface Loaded {
  readonly workspace: WorkspaceId;
  /** Newest first. */
  readonly snapshots: readonly SnapshotSummary[];
  /** There are no older ones. */
  readonly complete: boolean;
}

/** What the sidebar shows: workspaces, days, snapshots, what changed in each, and the whole tree of it. Loads lazily. */
export class SnapshotTree {
  readonly #ask: Ask;
  readonly #now: () => number;
  readonly #loaded = new Map<string, Loaded>();
  /** How many entries of a directory are shown, where it is more than a page. */
  readonly #shown = new Map<string, number>();
  #folders: readonly TreeFolder[] = [];

  constructor({ ask, now }: { readonly ask: Ask; readonly now: () => number }) {
    this.#ask = ask;
    this.#now = now;
  }

  set folders(value: readonly TreeFolder[]) {
    this.#folders = value;
    for (const folder of this.#loaded.keys()) if (!value.some((each) => each.folder === folder)) this.#loaded.delete(folder);
  }

  get folders(): readonly TreeFolder[] {
    return this.#folders;
  }

  /** Everything is asked again. */
  clear(): void {
    this.#loaded.clear();
    this.#shown.clear();
  }

  roots(): readonly TreeNode[] {
    return this.#folders.map((at) => ({ kind: 'workspace', at }));
  }

  async children(node: TreeNode): Promise<readonly TreeNode[]> {
    const { at } = node;
    switch (node.kind) {
      case 'workspace':
        return await this.#days(at);
      case 'day':
        return node.day.runs.map((run) => (run.snapshots.length > 1 ? { kind: 'run', at, run } : { kind: 'snapshot', at, snapshot: run.newest }));
      case 'run':
        return node.run.snapshots.map((snapshot) => ({ kind: 'snapshot', at, snapshot }));
      case 'snapshot':
        return await this.#changes(at, node.snapshot);
      case 'whole':
        return await this.#entries(at, node.snapshot, '' as BytePath);
      case 'entry':
        return node.entry.kind === 'directory' ? await this.#entries(at, node.snapshot, node.entry.path) : [];
      case 'change':
      case 'moreSnapshots':
      case 'moreEntries':
      case 'note':
        return [];
      default:
        return node satisfies never;
    }
  }

  /** The workspace of a folder, where the tree has loaded it. */
  workspaceOf(folder: string): WorkspaceId | undefined {
    return this.#loaded.get(folder)?.workspace;
  }

  /** Brings in what is new since the last look. */
  async refresh(folder: string): Promise<void> {
    const before = this.#loaded.get(folder);
    if (before === undefined) return;
    const { workspace } = before;
    const page = await this.#ask('snapshots', { workspace, before: undefined, limit: snapshotsPage });
    const known = new Map(before.snapshots.map((each) => [each.seq, each]));
    const oldest = page.at(-1)?.seq ?? 0;
    // With a gap between the page and what is known, what is known is forgotten: it is loaded again on demand.
    const joined = page.some(({ seq }) => known.has(seq));
    const rest = joined ? before.snapshots.filter(({ seq }) => seq < oldest) : [];
    this.#loaded.set(folder, { workspace, snapshots: [...page, ...rest], complete: joined ? before.complete : page.length < snapshotsPage });
  }

  /** Older snapshots of a folder. */
  async loadMore(folder: string): Promise<void> {
    const before = this.#loaded.get(folder);
    if (before === undefined || before.complete) return;
    const { workspace, snapshots } = before;
    const page = await this.#ask('snapshots', { workspace, before: snapshots.at(-1)?.seq, limit: snapshotsPage });
    this.#loaded.set(folder, { workspace, snapshots: [...snapshots, ...page], complete: page.length < snapshotsPage });
  }

  /** More entries of a directory; `key` is that of the node. */
  showMore(key: string): void {
    this.#shown.set(key, (this.#shown.get(key) ?? entriesPage) + entriesPage);
  }

  async #days(at: TreeFolder): Promise<readonly TreeNode[]> {
    const loaded = this.#loaded.get(at.folder) ?? (await this.#load(at));
    if (loaded === undefined || loaded.snapshots.length === 0) return [{ kind: 'note', at, text: 'Nothing is backed up yet' }];
    const days = groupByDay(loaded.snapshots, this.#now()).map((day): TreeNode => ({ kind: 'day', at, day }));
    return loaded.complete ? days : [...days, { kind: 'moreSnapshots', at }];
  }

  async #load(at: TreeFolder): Promise<Loaded | undefined> {
    const workspace = await this.#ask('workspaceOf', { folder: at.folder });
    if (workspace === undefined) return undefined;
    const snapshots = await this.#ask('snapshots', { workspace: workspace.id, before: undefined, limit: snapshotsPage });
    const loaded = { workspace: workspace.id, snapshots, complete: snapshots.length < snapshotsPage };
    this.#loaded.set(at.folder, loaded);
    return loaded;
  }

  async #changes(at: TreeFolder, snapshot: SnapshotSummary): Promise<readonly TreeNode[]> {
    if (snapshot.stub) return [{ kind: 'note', at, text: 'Its content was removed by retention' }];
    const { changes, previous, more } = await this.#ask('changes', { snapshot: snapshot.id, limit: changesMax });
    const nodes = changes.map((change): TreeNode => ({ kind: 'change', at, snapshot, change, previous }));
    const rest: TreeNode[] = more ? [{ kind: 'note', at, text: `… more than ${changesMax} changes: look into the whole folder` }] : [];
    return [...nodes, ...rest, { kind: 'whole', at, snapshot }];
  }

  async #entries(at: TreeFolder, snapshot: SnapshotSummary, path: BytePath): Promise<readonly TreeNode[]> {
    const entries = (await this.#ask('directory', { snapshot: snapshot.id, path })).toSorted(foldersFirst);
    const key = `${snapshot.id}/${path}`;
    const shown = this.#shown.get(key) ?? entriesPage;
    const nodes = entries.slice(0, shown).map((entry): TreeNode => ({ kind: 'entry', at, snapshot, entry }));
    return entries.length > shown ? [...nodes, { kind: 'moreEntries', at, key, left: entries.length - shown }] : nodes;
  }
}

/** Stable and unique, so that what is open stays open when the tree is read again. */
export function nodeId(node: TreeNode): string {
  const { folder } = node.at;
  switch (node.kind) {
    case 'workspace':
      return folder;
    case 'day':
      return `${folder}#${node.day.key}`;
    case 'run':
      return `${folder}#run:${node.run.snapshots.at(-1)!.id}`;
    case 'snapshot':
      return `${folder}#${node.snapshot.id}`;
    case 'change':
      return `${folder}#${node.snapshot.id}:change/${node.change.path}`;
    case 'whole':
      return `${folder}#${node.snapshot.id}:whole`;
    case 'entry':
      return `${folder}#${node.snapshot.id}:entry/${node.entry.path}`;
    case 'moreSnapshots':
      return `${folder}#more`;
    case 'moreEntries':
      return `${folder}#more:${node.key}`;
    case 'note':
      return `${folder}#note:${node.text}`;
    default:
      return node satisfies never;
  }
}

function foldersFirst(a: EntrySummary, b: EntrySummary): number {
  if ((a.kind === 'directory') !== (b.kind === 'directory')) return a.kind === 'directory' ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}
