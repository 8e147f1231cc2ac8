import type { BackupError} from '../../base/errors.ts';
import { isBackupError, messageOf } from '../../base/errors.ts';
import { byteStringOfText } from '../../engine/core/byteString.ts';
import type { RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import { absolutePath, realAbsolutePath } from '../../engine/platform/nativePath.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import { usualPush, type FolderAnswer, type FolderRequest } from '../../engine/run/owned/folderRequest.ts';
import type { OwnedFolder, PerformOptions } from '../../engine/run/owned/ownedFolder.ts';
import type { Progress } from '../../engine/run/reports.ts';
import type { FolderStatus, FollowedFolder, Notice, Problem } from '../messages/engineCalls.ts';
import { BackupSchedule, type Work } from './backupSchedule.ts';
import { FolderOwnership } from './folderOwnership.ts';
import type { ServerLink } from './serverLink.ts';
import type { WorkerParts } from './workerParts.ts';

/** Status with progress is told at most this often. */
const tellEveryMs = 250;

export interface BackupFolderOptions {
  readonly parts: WorkerParts;
  readonly link: ServerLink;
  readonly settings: FollowedFolder;
  readonly rules: RuleOptions;
}

/** One folder that is backed up from this window: when it is pushed, and what is told of it. */
export class BackupFolder {
  readonly settings: FollowedFolder;
  readonly #options: BackupFolderOptions;
  readonly #schedule: BackupSchedule;
  readonly #closing = new AbortController();
  #ownership: Promise<FolderOwnership> | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  /** Nothing more is tried by itself until something is asked or changes: the server refuses us. */
  #refused = false;
  #working = 0;
  #progress: Progress | undefined;
  #acknowledgedAt: number | undefined;
  #queuedElsewhere = 0;
  #problem: Problem | undefined;
  #toldAt = 0;

  constructor(options: BackupFolderOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.#schedule = new BackupSchedule({ now: options.parts.clock.now(), coalesceMs: options.settings.coalesceMs, auto: options.settings.auto });
  }

  /** Begins to look for changes, from a moment on. */
  start(): void {
    this.#running = this.#run();
  }

  notice({ paths, cause }: Notice): void {
    this.#refused = false;
    const changed = paths === 'all' ? paths : paths.map(byteStringOfText);
    this.#schedule.notice(changed, cause, this.#options.parts.clock.now());
    this.#tell();
    this.#wake();
  }

  /** Errors: those of the engine. */
  async perform(request: FolderRequest, options: PerformOptions): Promise<FolderAnswer> {
    this.#refused = false;
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    return await this.#work(async () => {
      const ownership = await this.#ownershipOf();
      const answer = await ownership.perform(request, {
        signal,
        onProgress: (progress) => {
          this.#progress = progress;
          this.#tell({ often: true });
          options.onProgress(progress);
        },
      });
      if (answer.kind === 'pushed') this.#takeReport(answer.report, ownership);
      return answer;
    });
  }

  async close(reason: BackupError): Promise<void> {
    this.#closing.abort(reason);
    await this.#running;
    const ownership = await this.#ownership?.catch(() => undefined /* it was told when it failed */);
    await ownership?.close(reason);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options.parts;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const work = this.#refused ? undefined : this.#schedule.take(clock.now());
        if (work === undefined) await this.#sleep();
        else await this.#do(work);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('folder.failed', { message: messageOf(error) });
      }
    }
  }

  async #do(work: Work): Promise<void> {
    const { clock } = this.#options.parts;
    const { signal } = this.#closing;
    try {
      const waits = work.kind === 'drain' ? await this.#drain() : await this.#push(work);
      this.#schedule.done({ now: clock.now(), waits });
    } catch (error) {
      this.#schedule.failed(clock.now());
      if (!signal.aborted) this.#refused = isBackupError(error, 'denied');
      throw error;
    }
  }

  async #push({ dirty, trigger }: Extract<Work, { kind: 'push' }>): Promise<boolean> {
    const answer = await this.perform({ ...usualPush, dirty, trigger }, { signal: this.#closing.signal, onProgress: () => {} });
    return answer.kind === 'pushed' && this.#waiting(answer.report.outcome === 'queued') > 0;
  }

  async #drain(): Promise<boolean> {
    const { signal } = this.#closing;
    return await this.#work(async () => {
      const owned = await (await this.#ownershipOf()).own();
      if (owned === undefined || owned.engine.waiting === 0) return false; // Whoever owns the folder sends what waits.
      await owned.inTurn(async () => await owned.engine.drain({ signal }));
      if (owned.engine.waiting === 0) this.#acknowledgedAt = this.#options.parts.clock.now();
      return owned.engine.waiting > 0;
    });
  }

  /** Runs `work` as what is going on, and remembers what was wrong with it. */
  async #work<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    this.#tell();
    try {
      const result = await work();
      this.#problem = undefined;
      return result;
    } catch (error) {
      if (!this.#closing.signal.aborted && !isBackupError(error, 'cancelled')) this.#problem = problemOf(error);
      throw error;
    } finally {
      this.#working -= 1;
      if (this.#working === 0) this.#progress = undefined;
      this.#tell();
    }
  }

  #takeReport({ outcome, error }: Extract<FolderAnswer, { kind: 'pushed' }>['report'], { owned }: FolderOwnership): void {
    this.#queuedElsewhere = owned === undefined && outcome === 'queued' ? 1 : 0;
    if (outcome === 'queued') {
      this.#schedule.queued(this.#options.parts.clock.now());
      this.#wake();
    }
    if (outcome !== 'queued' && this.#waiting(false) === 0) this.#acknowledgedAt = this.#options.parts.clock.now();
    if (error !== undefined) this.#options.parts.log.info('push.queued', { code: error.code, message: error.message });
  }

  #waiting(queued: boolean): number {
    return Math.max(this.#owned?.engine.waiting ?? this.#queuedElsewhere, queued ? 1 : 0);
  }

  #owned: OwnedFolder | undefined;

  async #ownershipOf(): Promise<FolderOwnership> {
    this.#ownership ??= this.#open();
    try {
      return await this.#ownership;
    } catch (error) {
      this.#ownership = undefined;
      throw error;
    }
  }

  async #open(): Promise<FolderOwnership> {
    const { parts, link, settings, rules } = this.#options;
    const folder: AbsolutePath = await realAbsolutePath(absolutePath(settings.folder));
    return new FolderOwnership({
      parts,
      link,
      folder,
      name: settings.name,
      rules,
      onAcknowledged: () => {
        const workspace = this.#owned?.engine.workspace;
        if (workspace !== undefined) parts.emit({ kind: 'snapshot', folder: settings.folder, workspace });
      },
      onOpened: (owned) => {
        this.#owned = owned;
        const { undone, finished } = owned.recovered;
        if (undone + finished > 0) parts.emit({ kind: 'recovered', folder: settings.folder, undone, finished });
      },
    });
  }

  #tell({ often = false }: { readonly often?: boolean } = {}): void {
    const { parts, settings } = this.#options;
    const now = parts.clock.now();
    if (often && now - this.#toldAt < tellEveryMs) return;
    this.#toldAt = now;
    const status: FolderStatus = {
      phase: this.#working > 0 ? 'working' : 'idle',
      progress: this.#progress,
      acknowledgedAt: this.#acknowledgedAt,
      waiting: this.#waiting(false),
      dirty: this.#schedule.dirty,
      problem: this.#problem,
    };
    parts.emit({ kind: 'folder', folder: settings.folder, status });
  }

  async #sleep(): Promise<void> {
    const { clock } = this.#options.parts;
    const { signal } = this.#closing;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const ms = this.#refused ? Number.MAX_SAFE_INTEGER : Math.min(this.#schedule.dueIn(clock.now()) ?? 0, Number.MAX_SAFE_INTEGER);
    try {
      await clock.sleep(ms, { signal: AbortSignal.any([signal, woken.signal]) });
    } catch (error) {
      if (!woken.signal.aborted) throw error;
    } finally {
      this.#wake = () => {};
    }
  }
}

export function problemOf(error: unknown): Problem {
  if (!isBackupError(error)) return { code: undefined, message: messageOf(error), reason: undefined };
  const { reason } = error.details;
  return { code: error.code, message: error.message, reason: typeof reason === 'string' ? reason : undefined };
}
