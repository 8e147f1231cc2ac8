import { BackupError, isBackupError } from '../../base/errors.ts';
import { displayName } from '../../engine/core/byteString.ts';
import type { RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import type { OwnedFolder } from '../../engine/run/owned/ownedFolder.ts';
import { FolderRules } from '../../engine/run/scan/folderRules.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { chooseTarget, rulesOfTarget } from '../folder/chooseTarget.ts';
import { withFolder } from '../folder/runInFolder.ts';
import { readRules, ruleFlags } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';
import { FolderEvents, isUnwatchable } from '../watch/folderEvents.ts';
import { leftOutDirectories } from '../watch/leftOut.ts';
import { WatchLoop, type Waiting } from '../watch/watchLoop.ts';
import { WatchReporter } from '../watch/watchReporter.ts';

export const watch: Command = {
  name: 'watch',
  summary: 'Backs up a folder as its files change, until it is stopped',
  operands: [{ name: 'DIR', required: false, help: 'Default: where you are' }],
  flags: ruleFlags,
  notes: [
    'Prints a line for every snapshot that the server acknowledges; with --json, a JSON line with an `event`:',
    'watching, snapshot, queued, error. push, restore and undo of the same folder work meanwhile.',
  ],
  run: async (call) => await withServer(call, async (server) => await runWatch(call, server)),
};

async function runWatch(call: Call, server: Server): Promise<Outcome> {
  const target = await chooseTarget(server, { call, path: call.arguments.operand(0) ?? '.' });
  const rules = rulesOfTarget(target, await readRules(call));
  const { folder, identity, name } = target;
  const reporter = new WatchReporter(call.output, await server.formatContext());
  const options = { call, server, folder, identity, name, rules, onAcknowledged: reporter.acknowledged.bind(reporter) };
  try {
    return await withFolder(options, {
      own: async (owned) => await new Watch(owned, { call, rules, reporter }).run(),
      ask: () => Promise.reject(new BackupError('conflict', 'Another holdfast works on this folder already.')),
    });
  } catch (error) {
    // Being stopped is how a watch ends.
    if (call.signal.aborted && error === call.signal.reason) return {};
    throw error;
  }
}

interface WatchParts {
  readonly call: Call;
  readonly rules: RuleOptions;
  readonly reporter: WatchReporter;
}

/** One watched folder: its events, its loop, and what it says. */
class Watch {
  readonly #owned: OwnedFolder;
  readonly #parts: WatchParts;
  #announced = false;
  /** A push failed, so what it was to capture is to be looked for again. */
  #lookAgain = false;

  constructor(owned: OwnedFolder, parts: WatchParts) {
    this.#owned = owned;
    this.#parts = parts;
  }

  async run(): Promise<never> {
    const { call } = this.#parts;
    const { clock } = call.surroundings;
    const { signal } = call;
    const events = await this.#events((changed) => loop.notice(changed));
    const push = async (dirty: Dirty): Promise<Waiting> => {
      const waiting = await this.#push(dirty);
      await this.#refresh(events);
      return waiting;
    };
    const loop = new WatchLoop({ clock, push, drain: async () => await this.#drain(), signal });
    try {
      await this.#open(events);
      return await loop.run();
    } finally {
      await events.close();
    }
  }

  async #events(notice: (changed: Dirty) => void): Promise<FolderEvents> {
    // Only here, so that no other command loads native code.
    const { watchFolder } = await import('../../engine/platform/watchFolder.ts');
    const { call, rules: options } = this.#parts;
    const { files } = call.surroundings;
    const root = this.#owned.folder;
    const leftOut = async (): ReturnType<typeof leftOutDirectories> =>
      await leftOutDirectories({ files, root, rules: new FolderRules({ files, root, options }) }, { signal: call.signal });
    return new FolderEvents({ root, leftOut, notice, watchFolder });
  }

  async #open(events: FolderEvents): Promise<void> {
    try {
      await events.open();
    } catch (error) {
      if (!isUnwatchable(error)) throw error;
      this.#parts.call.output.note(`${error.message} Changes are found by looking at everything every half hour.`);
    }
  }

  async #refresh(events: FolderEvents): Promise<void> {
    if (!this.#announced) {
      this.#announced = true;
      const { engine, folder } = this.#owned;
      this.#parts.reporter.watching(displayName(folder), { workspace: engine.workspace ?? null });
    }
    await events.refresh();
  }

  async #push(dirty: Dirty): Promise<Waiting> {
    const { call, reporter } = this.#parts;
    const { engine } = this.#owned;
    const { clock } = call.surroundings;
    return await this.#goOn(async () => {
      const report = await this.#owned.inTurn(
        async () =>
          await engine.push({
            dirty,
            trigger: dirty === 'all' ? 'scan' : 'watch',
            message: undefined,
            force: false,
            dryRun: false,
            include: new Set(),
            signal: call.signal,
            onProgress: call.output.progress.bind(call.output),
          }),
      );
      if (report.outcome === 'queued') reporter.queued(report, { waiting: engine.waiting, now: clock.now() });
    });
  }

  async #drain(): Promise<Waiting> {
    if (this.#lookAgain) return await this.#push('all');
    const { signal } = this.#parts.call;
    return await this.#goOn(async () => {
      await this.#owned.inTurn(async () => await this.#owned.engine.drain({ signal }));
    });
  }

  /** A watch goes on whatever happens to one push, but not when it may never push again. */
  async #goOn(work: () => Promise<void>): Promise<Waiting> {
    const { call, reporter } = this.#parts;
    try {
      await work();
      this.#lookAgain = false;
    } catch (error) {
      call.signal.throwIfAborted();
      if (!isBackupError(error) || error.code === 'denied') throw error;
      if (error.code !== 'unavailable') {
        reporter.failed(error, call.surroundings.clock.now());
        this.#lookAgain = true;
      }
      return 'waits';
    }
    return this.#owned.engine.waiting > 0 ? 'waits' : 'nothing-waits';
  }
}
