import { toHex } from '../../../base/bytes.ts';
import { assert, BackupError, isBackupError } from '../../../base/errors.ts';
import { randomIdBytes } from '../../../protocol/ids.ts';
import type { DeviceId, LaneId, OriginId, SnapshotId, WorkspaceId } from '../../../protocol/ids.ts';
import { decodeSnapshotHeader } from '../../core/snapshot/snapshotHeader.ts';
import type { ChainPlace } from '../../core/sync/rechain.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import type { Log } from '../../ports/primitives.ts';
import type { LaneHead, LaneInfo, Repository } from '../../ports/repository.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { AcknowledgedTip } from '../outbox/outboxPosition.ts';
import { rewriteChain } from '../outbox/rewriteChain.ts';
import { readLaneState, writeLaneState } from './laneState.ts';
import type { LaneState } from './laneState.ts';
import type { Link } from './link.ts';

/** How many names are tried for a new workspace: `name`, `name-2`, … */
const namesMax = 1_000;

export interface LaneParts {
  readonly repository: Repository;
  readonly link: Link;
  readonly state: StateFolder;
  readonly outbox: Outbox;
  readonly context: FormatContext;
  readonly device: DeviceId;
  readonly origin: OriginId;
  /** What a new workspace should be called. */
  readonly name: string;
  /** The workspace that a folder joins which has none yet, and the snapshots that it starts from: a clone. */
  readonly join?: { readonly workspace: WorkspaceId; readonly parents: readonly SnapshotId[] } | undefined;
  readonly log: Log;
}

/**
 * The lane of this folder on this device: which it is, where its next snapshot hangs, and whether the server still
 * agrees. What waits in the outbox is moved along when the lane turns out to be another one.
 */
export class Lane {
  readonly #parts: LaneParts;
  #state: LaneState | undefined;
  /** The server's incarnation was compared in this process. */
  #checked = false;

  private constructor(parts: LaneParts, state: LaneState | undefined) {
    this.#parts = parts;
    this.#state = state?.device === parts.device ? state : undefined;
  }

  static async open(parts: LaneParts): Promise<Lane> {
    const lane = new Lane(parts, await readLaneState(parts.state));
    if (lane.state !== undefined) await lane.#mend();
    return lane;
  }

  get state(): LaneState | undefined {
    return this.#state;
  }

  /** Where the next snapshot hangs. */
  get place(): ChainPlace {
    const { outbox } = this.#parts;
    return this.#placeAfter(outbox.tip);
  }

  /** Where the first snapshot that waits hangs. */
  get waitingPlace(): ChainPlace {
    return this.#placeAfter(this.#parts.outbox.acknowledged);
  }

  /** Makes sure that there is a lane, if only one that the server has yet to hear of. No request when all is known. */
  async prepare(signal: AbortSignal): Promise<void> {
    if (!this.#isUnsure) return;
    try {
      await this.register(signal);
    } catch (error) {
      if (!isBackupError(error, 'unavailable')) throw error;
      if (this.#state === undefined) await this.#save(this.#newState({ workspace: undefined, parents: [] }));
    }
  }

  /** Agrees with the server on the lane. Errors: `unavailable`; `conflict` when it went back behind what it acknowledged. */
  async register(signal: AbortSignal): Promise<void> {
    if (this.#isUnsure) await this.#resolve(signal);
    await this.compareInstance(signal);
  }

  /** The server has to be asked which lane this is, or where it stands. */
  get #isUnsure(): boolean {
    return this.#state?.registered !== true || this.#state.lost || this.#parts.outbox.tip === undefined;
  }

  /** What the next push was to ask about was asked. */
  async settleDoubt(): Promise<void> {
    if (this.#state?.doubt === true) await this.#save({ ...this.#state, doubt: false });
  }

  /** Something that this folder relies on is not on the server: the next push asks about everything. */
  async noteDoubt(): Promise<void> {
    if (this.#state?.doubt === false) await this.#save({ ...this.#state, doubt: true });
  }

  /** Free after the first answer in a process. Errors: `conflict`, see `reconcile`. */
  async compareInstance(signal: AbortSignal): Promise<void> {
    const { repository, link, log } = this.#parts;
    const state = this.#state;
    assert(state !== undefined, 'there is a lane');
    const instance = await link.call((options) => repository.instance(options), { signal });
    if (state.instance === instance && this.#checked) return;
    if (state.instance !== undefined && state.instance !== instance) {
      log.warn('server.instance', { was: state.instance, is: instance });
      const lanes = await this.#lanes(state.workspace, signal);
      const own = lanes.find(({ id }) => id === state.lane);
      await this.reconcile(own?.head);
      await this.#save({ ...state, instance, registered: own !== undefined });
      if (own === undefined) await this.#resolve(signal);
    } else if (state.instance === undefined) await this.#save({ ...state, instance });
    this.#checked = true;
  }

  /**
   * The server's head of this lane is not what was expected. Fine when it is the acknowledged one or waits here. When
   * it is an older one of which all that came after is still kept, that is sent again.
   * Errors: `conflict`: a rollback or a fork; the next push starts another lane and uploads again.
   */
  async reconcile(head: LaneHead | undefined): Promise<void> {
    const { outbox, log } = this.#parts;
    if (head?.id === outbox.acknowledged?.id) return;
    if (outbox.waiting.some(({ snapshot }) => snapshot !== undefined && snapshot.id === head?.id)) return;
    if (await this.#resendAfter(head)) {
      log.warn('lane.resend', { head: head?.n ?? 0 });
      return;
    }
    await this.#lose();
    throw new BackupError(
      'conflict',
      'The server’s copy of this folder went back in time or was changed by somebody else. Nothing here was changed; the next push uploads the folder again, beside what is there.',
      { expected: outbox.acknowledged?.n ?? 0, found: head?.n ?? 0 },
    );
  }

  /** Marks the lane as one that can go on no more. */
  async #lose(): Promise<void> {
    if (this.#state !== undefined) await this.#save({ ...this.#state, lost: true, doubt: true });
  }

  /** Puts what was acknowledged after `head` back into what waits, if all of it is kept. */
  async #resendAfter(head: LaneHead | undefined): Promise<boolean> {
    const { outbox } = this.#parts;
    const at = outbox.sent.findIndex(({ snapshot }) => snapshot !== undefined && snapshot.header.prev === head?.id);
    if (at < 0) return false;
    let from = at;
    while (from > 0 && outbox.sent[from - 1]!.snapshot === undefined) from -= 1;
    const again = [...outbox.sent.slice(from), ...outbox.waiting];
    const before = outbox.sent[at - 1]?.snapshot;
    // Its seq is not known any more; 0 is before all others.
    const tip = head && { n: head.n, id: head.id, root: before?.header.root ?? outbox.acknowledged!.root, partial: false, seq: 0 };
    await outbox.rewrite(readAll(outbox, again), tip);
    return true;
  }

  async #resolve(signal: AbortSignal): Promise<void> {
    const { repository, link, origin, device } = this.#parts;
    const lanes = await link.call((options) => repository.lanesOfOrigin(origin, options), { signal });
    const own = this.#state?.lost === true ? undefined : lanes.find((lane) => lane.device === device);
    if (own !== undefined) {
      await this.#adopt(own, signal);
    } else {
      const [other] = lanes;
      const join = other === undefined ? this.#parts.join : undefined;
      const parents = other?.head === undefined ? (join?.parents ?? []) : [other.head.id];
      await this.#create({ workspace: other?.workspace ?? join?.workspace, parents }, signal);
    }
    await this.#moveWaiting();
  }

  /** Goes on with a lane of this device that the server knows. */
  async #adopt(lane: LaneInfo, signal: AbortSignal): Promise<void> {
    const { outbox } = this.#parts;
    const workspaceName = await this.#nameOf(lane.workspace, signal);
    const known = lane.head?.id === outbox.acknowledged?.id || outbox.waiting.some(({ snapshot }) => snapshot !== undefined && snapshot.id === lane.head?.id);
    const { workspace, id } = lane;
    const instance = known ? this.#state?.instance : undefined;
    const doubt = this.#state?.doubt ?? false;
    const state: LaneState = { ...this.#newState({ workspace, parents: [] }), workspaceName, lane: id, registered: true, instance, doubt };
    if (!known) await outbox.rewrite(this.#rechained(lane.head, state), await this.#tipOf(lane.head, signal));
    await this.#save(state);
  }

  /** Registers the lane, and the workspace when the folder has none. What it is to be is written down first. */
  async #create({ workspace, parents }: { readonly workspace: WorkspaceId | undefined; readonly parents: readonly SnapshotId[] }, signal: AbortSignal): Promise<void> {
    const { repository, link, origin, outbox } = this.#parts;
    const planned = this.#state !== undefined && !this.#state.lost ? this.#state : undefined;
    let state: LaneState = planned ?? { ...this.#newState({ workspace, parents }), doubt: this.#state?.doubt ?? false };
    state = { ...state, workspace: workspace ?? state.workspace, parents };
    if (workspace === undefined) state = await this.#createWorkspace(state, signal);
    else state = { ...state, workspaceName: await this.#nameOf(workspace, signal) };
    await this.#save(state);
    if (outbox.acknowledged !== undefined) await outbox.rewrite(this.#rechained(undefined), undefined);
    const { lane } = state;
    await link.call((options) => repository.createLane({ id: lane, workspace: state.workspace, origin }, options), { signal });
    await this.#save({ ...state, registered: true });
  }

  /** A name that is taken belongs to another folder: this one gets the next free one, and never joins. */
  async #createWorkspace(state: LaneState, signal: AbortSignal): Promise<LaneState> {
    const { repository, link, name } = this.#parts;
    for (let i = 1; i <= namesMax; i++) {
      const attempt = { ...state, workspaceName: i === 1 ? name : `${name}-${i}` };
      try {
        await this.#save(attempt);
        await link.call((options) => repository.createWorkspace({ id: attempt.workspace, name: attempt.workspaceName }, options), { signal });
        return attempt;
      } catch (error) {
        if (!isBackupError(error, 'conflict')) throw error;
      }
    }
    throw new BackupError('conflict', 'Every name for this workspace is taken.', { name });
  }

  /** What was captured before the lane was agreed on hangs where the lane really is. */
  async #moveWaiting(): Promise<void> {
    const { outbox } = this.#parts;
    const first = outbox.waiting.find(({ snapshot }) => snapshot !== undefined)?.snapshot?.header;
    const { workspace, lane, prev } = this.waitingPlace;
    if (first === undefined || (first.workspace === workspace && first.lane === lane && first.prev === prev)) return;
    await outbox.rewrite(this.#rechained(outbox.acknowledged), outbox.acknowledged);
  }

  /** Where the disk damaged a waiting snapshot, those behind it hang in the air: they are hung on what is left. */
  async #mend(): Promise<void> {
    const { outbox, context, log } = this.#parts;
    const headers = outbox.waiting.flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot]));
    const [first] = headers;
    if (first === undefined) return;
    const { acknowledged } = outbox;
    const { n, prev } = first.header;
    const place = acknowledged === undefined ? { ...this.#placeAfter(undefined), n, prev } : this.#placeAfter(acknowledged);
    const whole = headers.every(({ header }, i) => header.prev === (i === 0 ? place.prev : headers[i - 1]!.id));
    if (whole) return;
    log.warn('outbox.mended', { waiting: headers.length });
    await outbox.rewrite(rewriteChain(outbox, { place, folded: new Set(), context }), acknowledged);
  }

  #rechained(tip: LaneHead | undefined, state = this.#state): ReturnType<typeof rewriteChain> {
    const { outbox, context } = this.#parts;
    return rewriteChain(outbox, { place: this.#placeAfter(tip, state), folded: new Set(), context });
  }

  #placeAfter(tip: LaneHead | undefined, state = this.#state): ChainPlace {
    assert(state !== undefined, 'there is a lane');
    const { workspace, lane, device, parents } = state;
    return { workspace, lane, device, n: (tip?.n ?? 0) + 1, prev: tip?.id, parents };
  }

  #newState({ workspace, parents }: { readonly workspace: WorkspaceId | undefined; readonly parents: readonly SnapshotId[] }): LaneState {
    const { device, name } = this.#parts;
    return {
      workspace: workspace ?? this.#randomId<WorkspaceId>(),
      workspaceName: name,
      lane: this.#randomId<LaneId>(),
      device,
      registered: false,
      parents,
      instance: undefined,
      lost: false,
      doubt: false,
    };
  }

  #randomId<Id extends string>(): Id {
    return toHex(this.#parts.context.random.bytes(randomIdBytes)) as Id;
  }

  async #lanes(workspace: WorkspaceId, signal: AbortSignal): Promise<readonly LaneInfo[]> {
    const { repository, link } = this.#parts;
    try {
      return await link.call((options) => repository.lanes(workspace, options), { signal });
    } catch (error) {
      if (isBackupError(error, 'not-found')) return [];
      throw error;
    }
  }

  async #nameOf(workspace: WorkspaceId, signal: AbortSignal): Promise<string> {
    const { repository, link } = this.#parts;
    const all = await link.call((options) => repository.workspaces(options), { signal });
    return all.find(({ id }) => id === workspace)?.name ?? this.#parts.name;
  }

  async #tipOf(head: LaneHead | undefined, signal: AbortSignal): Promise<AcknowledgedTip | undefined> {
    if (head === undefined) return undefined;
    const { repository, link } = this.#parts;
    const [stored] = await link.call((options) => repository.findSnapshots({ prefix: head.id }, options), { signal });
    if (stored === undefined) throw new BackupError('corrupt', 'The server does not have the newest snapshot of this folder.', { id: head.id });
    const { root, partial } = decodeSnapshotHeader(stored.record.header);
    return { n: head.n, id: head.id, root, partial, seq: stored.seq };
  }

  async #save(state: LaneState): Promise<void> {
    await writeLaneState(this.#parts.state, state);
    this.#state = state;
  }
}

async function* readAll(outbox: Outbox, items: Outbox['waiting']): ReturnType<typeof rewriteChain> {
  for (const item of items) yield await outbox.read(item);
}
