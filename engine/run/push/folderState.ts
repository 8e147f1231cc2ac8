import { isBackupError, systemCodeOf } from '../../../base/errors.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { rootPath } from '../../core/byteString.ts';
import type { BytePath } from '../../core/byteString.ts';
import { decodeSnapshotHeader } from '../../core/snapshot/snapshotHeader.ts';
import { addTotals, noTotals, sumTotals } from '../../core/sync/summarizeChanges.ts';
import type { Totals } from '../../core/sync/summarizeChanges.ts';
import type { FolderEngineParts } from '../folderEngine.ts';
import { FolderIndex } from '../index/folderIndex.ts';
import { indexFromTrees } from '../index/indexFromTrees.ts';
import type { IndexStore } from '../index/indexStore.ts';
import type { IndexUpdate } from '../index/indexTypes.ts';
import { drainOutbox } from '../outbox/drainOutbox.ts';
import type { DrainParts, DrainResult } from '../outbox/drainOutbox.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { PackLimit } from '../outbox/putPack.ts';
import { ObjectReader } from '../read/objectReader.ts';
import type { Dirty } from '../reports.ts';
import { FolderRules } from '../scan/folderRules.ts';
import { FolderWarnings } from './folderWarnings.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';

export interface FolderStateParts {
  readonly parts: FolderEngineParts;
  readonly outbox: Outbox;
  readonly link: Link;
  readonly lane: Lane;
  readonly store: IndexStore;
  readonly index: FolderIndex | undefined;
  readonly limit: PackLimit;
}

/** Beyond, a scan of everything is quicker than so many single looks. */
const owedMax = 50_000;

/** What lives from one push of a folder to the next. */
export class FolderState {
  readonly parts: FolderEngineParts;
  readonly outbox: Outbox;
  readonly link: Link;
  readonly lane: Lane;
  readonly limit: PackLimit;
  readonly rules: FolderRules;
  /** Paths to look at again with the next push: of their own, not with what is under them. */
  readonly riding = new Set<BytePath>();
  readonly warnings = new FolderWarnings();
  readonly #store: IndexStore;
  /** What was said to be dirty and is in no state yet: a push that fails leaves it to the next. */
  #owed: Dirty = new Set();
  #index: FolderIndex;
  #totals: Totals | undefined;

  constructor({ parts, outbox, link, lane, store, index, limit }: FolderStateParts) {
    this.parts = parts;
    this.outbox = outbox;
    this.link = link;
    this.lane = lane;
    this.limit = limit;
    this.rules = this.rulesWith([]);
    this.#store = store;
    this.#index = index ?? FolderIndex.empty(parts.context);
  }

  get index(): FolderIndex {
    return this.#index;
  }

  /** Whether the index is of the lane's newest state, so that differences from it are all there are. */
  get inSync(): boolean {
    return this.outbox.tip?.root === this.#index.root;
  }

  /** What the index holds; counted once in a process, then kept up. */
  get totals(): Totals {
    if (this.#totals === undefined) {
      let totals = noTotals;
      for (const { entry } of this.#index.entriesUnder(rootPath)) totals = addTotals(totals, entry);
      this.#totals = totals;
    }
    return this.#totals;
  }

  owe(dirty: Dirty): void {
    if (dirty === 'all' || this.#owed === 'all' || this.#owed.size + dirty.size > owedMax) this.#owed = 'all';
    else this.#owed = new Set([...this.#owed, ...dirty]);
  }

  takeOwed(): Dirty {
    const owed = this.#owed;
    this.#owed = new Set();
    return owed;
  }

  rulesWith(include: Iterable<BytePath>): FolderRules {
    const { files, root, rules } = this.parts;
    return new FolderRules({ files, root, options: rules, include });
  }

  /** Makes an update the state and writes it down. `totals` is how far they move. */
  async adopt(update: IndexUpdate, { snapshot, totals }: { readonly snapshot: SnapshotId | undefined; readonly totals: Totals }): Promise<void> {
    const before = this.totals;
    this.#index.adopt(update);
    this.#totals = sumTotals(before, totals);
    try {
      await this.#store.record(update, { index: this.#index, snapshot });
    } catch (error) {
      // It is a cache: the next process finds that it is behind and looks at everything.
      this.parts.log.warn('index.unwritten', { code: systemCodeOf(error) ?? 'unknown' });
    }
  }

  /**
   * When there is no index: that of the lane's newest state, or of the state that the lane starts from, read from the
   * server's trees. Without a server everything is read and hashed again.
   */
  async findIndex(signal: AbortSignal): Promise<void> {
    if (this.#index.size > 1 || this.#index.directory(rootPath)!.tree.size > 0) return;
    const { context, repository, log } = this.parts;
    try {
      const root = this.outbox.tip?.root ?? (await this.#rootOfParent(signal));
      if (root === undefined || root === this.#index.root) return;
      const source = new ObjectReader({ repository, context, signal });
      await source.fetchUnder(root);
      this.#index = await indexFromTrees(root, { source, context, signal });
      this.#totals = undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!isBackupError(error)) throw error;
      log.warn('index.none', { code: error.code });
    }
  }

  /** Sends what waits. Errors: as FolderEngine.drain, and `unavailable`. */
  async drain(signal: AbortSignal, sender: Pick<DrainParts, 'repair' | 'onSent' | 'bytesAhead'>): Promise<DrainResult> {
    const { outbox, lane, link, limit } = this;
    const { repository, context, log, onAcknowledged = () => {} } = this.parts;
    if (outbox.waiting.length === 0) return { kind: 'sent' };
    await lane.register(signal);
    const result = await drainOutbox({
      repository,
      link,
      context,
      limit,
      signal,
      outbox,
      log,
      ...sender,
      onAcknowledged,
      waitingPlace: () => lane.waitingPlace,
      reconcile: async (head) => await lane.reconcile(head),
    });
    await lane.compareInstance(signal);
    return result;
  }

  async #rootOfParent(signal: AbortSignal): Promise<FolderIndex['root'] | undefined> {
    const parent = this.lane.state?.parents[0];
    if (parent === undefined) return undefined;
    const { repository } = this.parts;
    const [stored] = await this.link.call((options) => repository.findSnapshots({ prefix: parent }, options), { signal });
    return stored && decodeSnapshotHeader(stored.record.header).root;
  }
}
