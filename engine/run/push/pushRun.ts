import { BackupError, isBackupError } from '../../../base/errors.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { planDirty } from '../../core/sync/planDirty.ts';
import type { DirtyPart } from '../../core/sync/planDirty.ts';
import type { Dirty, Progress, PushOptions, PushReport } from '../reports.ts';
import type { ScanContext } from '../scan/scanTypes.ts';
import { Capture } from './capture.ts';
import type { CaptureParts } from './capture.ts';
import { CaptureProgress, trusting } from './captureTypes.ts';
import type { Distrust } from './captureTypes.ts';
import { ChangeLog } from './changeLog.ts';
import { distrusting, planDistrust } from './distrust.ts';
import type { FolderState } from './folderState.ts';
import { changedPaths } from './makeSnapshot.ts';
import { discarding, PackStream } from './packStream.ts';
import { Recorder } from './recorder.ts';
import { repairFolder } from './repairFolder.ts';

const mib = 1024 * 1024;
const checkpointMsDefault = 60_000;
const checkpointBytesDefault = 256 * mib;
const progressMs = 100;
/** Times that ride along with the next snapshot. */
const ridingMax = 1_000;
/** How often a push captures anew because the server turns out to lack what it was believed to have. */
const roundsMax = 3;
/** How often what the server lacks is looked for in the folder; the second time everything is read. */
const repairsMax = 2;

type SendResult =
  | { readonly kind: 'sent' }
  | { readonly kind: 'queued'; readonly error: BackupError }
  | { readonly kind: 'lost'; readonly ids: readonly ObjectId[] };

/** What differs in time only, and rides along with the next snapshot, is not reported twice. */
const nothingChanged = { filesNew: 0, filesChanged: 0, filesDeleted: 0 };

/** One push: capture, store in the outbox, send. */
export class PushRun {
  readonly #state: FolderState;
  readonly #options: PushOptions;
  readonly #scan: ScanContext;
  readonly #progress = new CaptureProgress();
  /** What is dirty and in no state yet, left over from earlier pushes too. */
  #dirty: Dirty;
  #log = new ChangeLog({ detailed: false });
  #bytesSent = 0;
  #repairs = 0;
  #checkpointAt: number;
  #checkpointBytes = 0;
  #shownAt = 0;
  /** As many as there were, where that is known and all are looked at. */
  #filesExpected: number | undefined;

  constructor(state: FolderState, options: PushOptions) {
    this.#state = state;
    this.#options = options;
    this.#dirty = options.dirty;
    const { files, root, clock } = state.parts;
    const rules = options.include.size === 0 ? state.rules : state.rulesWith(options.include);
    this.#scan = { files, root, rules };
    this.#checkpointAt = clock.now();
  }

  async run(): Promise<PushReport> {
    if (!this.#options.dryRun) this.#dirty = this.#state.takeOwed();
    try {
      return await this.#run();
    } finally {
      if (!this.#options.dryRun) this.#state.owe(this.#dirty);
    }
  }

  async #run(): Promise<PushReport> {
    const { signal, dryRun, force } = this.#options;
    const state = this.#state;
    if (!dryRun) await state.lane.prepare(signal);
    await state.findIndex(signal);
    const sinceTip = state.inSync && state.outbox.tip?.partial === false;
    this.#log = new ChangeLog({ detailed: sinceTip });
    let distrust = dryRun ? trusting : await planDistrust(state, { force, signal });
    let part = distrust === trusting ? this.#dirtyPart() : 'whole';
    for (let round = 1; ; round++) {
      const recorder = new Recorder({ ...this.#options, state, log: this.#log, progress: this.#progress, sinceTip: sinceTip && round === 1 });
      const made = await this.#capture(part, { recorder, distrust });
      if (dryRun) return this.#report('dry-run');
      // A state that waited already is as new to the server as one that was made now.
      const isNew = made || state.outbox.waiting.some(({ snapshot }) => snapshot !== undefined);
      const sent = await this.send();
      if (sent.kind === 'queued') return this.#report('queued', sent.error);
      if (sent.kind === 'sent') {
        if (distrust !== trusting) await state.lane.settleDoubt();
        return this.#report(isNew ? 'acknowledged' : 'unchanged');
      }
      if (round === roundsMax) throw new BackupError('conflict', 'The server keeps losing what it is sent.', { rounds: roundsMax });
      distrust = distrusting(new Set(sent.ids), { readAll: true });
      part = 'whole';
    }
  }

  /** Sends what waits in the outbox. */
  async send(): Promise<SendResult> {
    const { signal } = this.#options;
    try {
      this.#show('commit');
      return await this.#state.drain(signal, {
        repair: async (ids) => await this.#repair(ids),
        onSent: (bytes) => this.#countSent(bytes),
        bytesAhead: () => this.#bytesSent - this.#checkpointBytes,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!isBackupError(error, 'unavailable')) throw error;
      return { kind: 'queued', error };
    }
  }

  /** Captures the dirty part and stores it. Answers whether there is a new snapshot. */
  async #capture(part: DirtyPart, { recorder, distrust }: { readonly recorder: Recorder; readonly distrust: Distrust }): Promise<boolean> {
    const { dryRun, include } = this.#options;
    const { riding } = this.#state;
    const stream = this.#newStream({ askAlways: distrust !== trusting });
    const capture = this.#newCapture({ sink: dryRun ? discarding : stream, distrust, pause: async () => await this.#pause(capture, { recorder, stream }) });
    if (part === 'whole') {
      this.#state.rules.clear();
      if (this.#state.totals.files > 0) this.#filesExpected = this.#state.totals.files;
    }
    await capture.run(part);
    if (dryRun) {
      recorder.preview(capture.take());
      return false;
    }
    this.#state.warnings.replace(part, this.#progress.warnings);
    const made = await recorder.record(capture.take(), { stream, distrust });
    this.#dirty = new Set();
    if (made) riding.clear();
    for (const path of made ? include : [...this.#log.summary.timeOnly, ...include]) riding.add(path);
    // So many are left to the next scan of everything: a save must not pay for them.
    if (riding.size > ridingMax) riding.clear();
    return made;
  }

  #newCapture(parts: Pick<CaptureParts, 'sink' | 'distrust' | 'pause'>): Capture {
    const { context, clock } = this.#state.parts;
    return new Capture({ scan: this.#scan, index: this.#state.index, context, clock, signal: this.#options.signal, progress: this.#progress, ...parts });
  }

  #newStream({ askAlways }: { readonly askAlways: boolean }): PackStream {
    const { parts, link, outbox, limit } = this.#state;
    const { repository, context } = parts;
    const onSent = (bytes: number): void => this.#countSent(bytes);
    return new PackStream({ repository, link, outbox, context, limit, askAlways, signal: this.#options.signal, onSent });
  }

  /** What has to be looked at. Costs what is dirty, unless the index is not of a newest state that is whole. */
  #dirtyPart(): DirtyPart {
    const { include } = this.#options;
    const { inSync, riding, outbox, rules } = this.#state;
    const dirty = this.#dirty;
    if (dirty === 'all' || !inSync || outbox.tip?.partial === true) return 'whole';
    const again = rules.invalidate([...dirty, ...riding]);
    return planDirty([...dirty, ...include, ...again], riding);
  }

  async #pause(capture: Capture, { recorder, stream }: { readonly recorder: Recorder; readonly stream: PackStream }): Promise<void> {
    const { signal, dryRun } = this.#options;
    const { clock, limits = {} } = this.#state.parts;
    signal.throwIfAborted();
    const now = clock.now();
    if (now - this.#shownAt >= progressMs) this.#show('scan', now);
    const { checkpointMs = checkpointMsDefault, checkpointBytes = checkpointBytesDefault } = limits;
    const due = now - this.#checkpointAt >= checkpointMs || this.#bytesSent - this.#checkpointBytes >= checkpointBytes;
    if (dryRun || !due) return;
    await recorder.checkpoint(capture.take(), { stream });
    await this.send();
    this.#checkpointAt = clock.now();
    this.#checkpointBytes = this.#bytesSent;
  }

  async #repair(ids: readonly ObjectId[]): Promise<boolean> {
    this.#repairs += 1;
    if (this.#repairs > repairsMax) return false;
    const { signal } = this.#options;
    const stream = this.#newStream({ askAlways: true });
    await repairFolder(ids, { state: this.#state, scan: this.#scan, stream, readAll: this.#repairs === repairsMax, signal });
    return true;
  }

  #countSent(bytes: number): void {
    this.#bytesSent += bytes;
  }

  #show(phase: Progress['phase'], now = this.#state.parts.clock.now()): void {
    this.#shownAt = now;
    const { filesSeen, bytesRead } = this.#progress;
    this.#options.onProgress({ phase, filesDone: filesSeen, filesTotal: this.#filesExpected, bytesDone: bytesRead, bytesTotal: undefined });
  }

  #report(outcome: PushReport['outcome'], error?: BackupError): PushReport {
    const { outbox, lane, warnings } = this.#state;
    const { filesNew, filesChanged, filesDeleted } = outcome === 'unchanged' ? nothingChanged : this.#log.summary;
    const { tip, acknowledged } = outbox;
    const kept = outcome === 'dry-run' ? this.#progress.warnings : warnings.all;
    return {
      outcome,
      workspace: lane.state?.workspace,
      workspaceName: lane.state?.workspaceName,
      snapshot: tip?.id,
      seq: acknowledged?.id === tip?.id ? acknowledged?.seq : undefined,
      filesNew,
      filesChanged,
      filesDeleted,
      bytesRead: this.#progress.bytesRead,
      bytesSent: this.#bytesSent,
      warnings: kept,
      warningsTotal: Math.max(kept.length, this.#progress.warningsTotal),
      changed: outcome === 'unchanged' ? [] : changedPaths(this.#log.rows().shown),
      error: error && { code: error.code, message: error.message },
    };
  }
}
