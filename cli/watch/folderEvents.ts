import { isBackupError, type BackupError } from '../../base/errors.ts';
import { nameOfPath, type BytePath } from '../../engine/core/byteString.ts';
import { environmentMarker } from '../../engine/core/ignore/directoryRules.ts';
import { gitIgnoreName, ownIgnoreName } from '../../engine/core/ignore/ruleFile.ts';
import type { FolderWatcher, WatchFolderOptions } from '../../engine/platform/watchFolder.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import { packageName } from '../../engine/run/scan/folderRules.ts';

/** Files that decide which directories are left out, and so which are watched. */
const ruleNames: ReadonlySet<string> = new Set([gitIgnoreName, ownIgnoreName, environmentMarker, packageName]);

export interface FolderEventsOptions {
  readonly root: AbsolutePath;
  /** Directories that need not be watched, as things are now. */
  readonly leftOut: () => Promise<readonly BytePath[]>;
  readonly notice: (changed: Dirty) => void;
  readonly watchFolder: (options: WatchFolderOptions) => Promise<FolderWatcher>;
}

/** The watcher of one folder, set up anew when the rules change. */
export class FolderEvents {
  readonly #options: FolderEventsOptions;
  #watcher: FolderWatcher | undefined;
  #stale = false;

  constructor(options: FolderEventsOptions) {
    this.#options = options;
  }

  /** Errors: `unavailable` when the system cannot watch the folder. */
  async open(): Promise<void> {
    const { root, leftOut, notice, watchFolder } = this.#options;
    const ignore = await leftOut();
    this.#stale = false;
    this.#watcher = await watchFolder({
      root,
      ignore,
      onEvent: (event) => {
        if (event.kind === 'rescan') return notice('all');
        if ([...event.paths].some((path) => ruleNames.has(nameOfPath(path)))) this.#stale = true;
        return notice(event.paths);
      },
    });
  }

  /** After a change of the rules: watches what they keep now. What happened in between is found by looking at all. */
  async refresh(): Promise<void> {
    if (!this.#stale) return;
    await this.close();
    await this.open();
    this.#options.notice('all');
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = undefined;
  }
}

/** Whether the system could not watch: then only looking from time to time is left. */
export function isUnwatchable(error: unknown): error is BackupError {
  return isBackupError(error, 'unavailable');
}
