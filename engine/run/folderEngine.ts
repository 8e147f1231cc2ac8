import { Semaphore } from '../../base/concurrency.ts';
import type { DeviceId, SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import type { FormatContext } from '../core/formatContext.ts';
import type { RuleOptions } from '../core/ignore/directoryRules.ts';
import { originId } from '../core/paths/pathId.ts';
import type { AbsolutePath, Files } from '../ports/files.ts';
import type { Clock, Log } from '../ports/primitives.ts';
import type { Repository } from '../ports/repository.ts';
import type { StateFolder } from '../ports/stateFolder.ts';
import { IndexStore } from './index/indexStore.ts';
import { Outbox } from './outbox/outbox.ts';
import type { LaneTip } from './outbox/outboxPosition.ts';
import { PackLimit } from './outbox/putPack.ts';
import { FolderState } from './push/folderState.ts';
import { Lane } from './push/lane.ts';
import { Link } from './push/link.ts';
import { PushRun } from './push/pushRun.ts';
import type { OnAcknowledged, PushOptions, PushReport } from './reports.ts';

export interface FolderEngineParts {
  readonly files: Files;
  /** The folder's real path. */
  readonly root: AbsolutePath;
  /** The same as text, and the host's name: for people only. */
  readonly folder: string;
  readonly host: string;
  /** What makes the origin of the folder: stable, and this host's alone. */
  readonly hostId: string;
  /** What the origin is made of besides, where it is not the folder: one file of it, which the rules alone keep. */
  readonly identity?: AbsolutePath;
  readonly rules: RuleOptions;
  /** This folder's state: `state.json` and the index. A cache of what the server has. */
  readonly state: StateFolder;
  readonly outbox: StateFolder;
  readonly repository: Repository;
  readonly context: FormatContext;
  readonly device: DeviceId;
  /** What a new workspace should be called. */
  readonly name: string;
  /** The workspace that the folder joins, when it belongs to none, and the snapshots that it starts from. */
  readonly join?: { readonly workspace: WorkspaceId; readonly parents: readonly SnapshotId[] } | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each snapshot in the order in which the server acknowledges them. */
  readonly onAcknowledged?: OnAcknowledged;
  readonly limits?: EngineLimits;
}

/** Bounds that tests make smaller. */
export interface EngineLimits {
  readonly patienceMs?: number;
  readonly outboxBytesMax?: number;
  readonly sentBytesMax?: number;
  readonly checkpointMs?: number;
  readonly checkpointBytes?: number;
}

/**
 * Backs up one folder. Whoever holds it owns the folder (engine/run/ownFolder): there is one at a time. Pushes follow
 * one another; what the server did not acknowledge yet waits in the outbox, on disk, in order.
 */
export class FolderEngine {
  readonly #state: FolderState;
  readonly #turn = new Semaphore(1);

  private constructor(state: FolderState) {
    this.#state = state;
  }

  /** Reads what an earlier process left. Makes no request. */
  static async open(parts: FolderEngineParts): Promise<FolderEngine> {
    const { context, repository, clock, log, limits = {}, device, name, join } = parts;
    const outbox = await Outbox.open({
      folder: parts.outbox,
      hasher: context.hasher,
      log,
      ...(limits.outboxBytesMax === undefined ? {} : { bytesMax: limits.outboxBytesMax }),
      ...(limits.sentBytesMax === undefined ? {} : { sentBytesMax: limits.sentBytesMax }),
    });
    const link = new Link(clock, limits.patienceMs === undefined ? {} : { patienceMs: limits.patienceMs });
    const origin = originId(parts.hostId, parts.identity ?? parts.root, context);
    const lane = await Lane.open({ repository, link, state: parts.state, outbox, context, device, origin, name, join, log });
    const store = new IndexStore({ folder: parts.state, context });
    const stored = await store.load();
    return new FolderEngine(new FolderState({ parts, outbox, link, lane, store, index: stored?.index, limit: new PackLimit() }));
  }

  /** Undefined before the first push. */
  get workspace(): WorkspaceId | undefined {
    return this.#state.lane.state?.workspace;
  }

  /** As the server has it; before the server was asked, as it is wanted. */
  get workspaceName(): string | undefined {
    return this.#state.lane.state?.workspaceName;
  }

  /** The newest captured state, acknowledged or waiting. */
  get tip(): LaneTip | undefined {
    return this.#state.outbox.tip;
  }

  /** Snapshots that wait to be sent. */
  get waiting(): number {
    return this.#state.outbox.waiting.filter(({ snapshot }) => snapshot !== undefined).length;
  }

  /**
   * Captures the folder, or the dirty part of it, and sends it. See PushOptions and PushReport.
   * Errors: `conflict` when the server went back in time (the next push uploads again, in a new lane); `denied`,
   * `limit`, `corrupt`; never `unavailable`: then the report says `queued`.
   */
  async push(options: PushOptions): Promise<PushReport> {
    if (!options.dryRun) this.#state.owe(options.dirty);
    return await this.#turn.run(async () => await new PushRun(this.#state, options).run(), options);
  }

  /** Sends what waits; answers whether nothing waits any more. Errors: as `push`. */
  async drain({ signal }: { readonly signal: AbortSignal }): Promise<boolean> {
    const options: PushOptions = { ...sendOnly, signal };
    return await this.#turn.run(async () => {
      const sent = await new PushRun(this.#state, options).send();
      // What the newest state needs is gone: the next push captures it anew and asks about everything.
      if (sent.kind === 'lost') await this.#state.lane.noteDoubt();
      return sent.kind === 'sent';
    }, { signal });
  }
}

const sendOnly: Omit<PushOptions, 'signal'> = {
  dirty: new Set(),
  trigger: 'scan',
  message: undefined,
  force: false,
  dryRun: false,
  include: new Set(),
  onProgress: () => {},
};
