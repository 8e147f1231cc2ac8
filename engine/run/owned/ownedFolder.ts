import { BackupError, isBackupError } from '../../../base/errors.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { isWithin } from '../../core/byteString.ts';
import type { ByteName, BytePath } from '../../core/byteString.ts';
import type { RestorePlan } from '../../core/restore/restorePlan.ts';
import type { AbsolutePath } from '../../ports/files.ts';
import type { Repository } from '../../ports/repository.ts';
import type { SafeFiles } from '../../ports/safeFiles.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';
import { FolderEngine } from '../folderEngine.ts';
import type { FolderEngineParts } from '../folderEngine.ts';
import { ObjectReader } from '../read/objectReader.ts';
import { findSnapshotById, requireContent } from '../read/snapshots.ts';
import type { OnProgress } from '../reports.ts';
import type { Captured, InPlaceOptions } from '../restore/inPlace.ts';
import { recoverRestores } from '../restore/recoverRestores.ts';
import { planRestoreInPlace, restoreInPlace } from '../restore/restoreInPlace.ts';
import { undoRestore } from '../restore/undoRestore.ts';
import { FolderRules } from '../scan/folderRules.ts';
import { listDirectory } from '../scan/listDirectory.ts';
import type { FolderAnswer, FolderRequest, PushRequest, RestoreRequest } from './folderRequest.ts';

export interface OwnedFolderParts extends FolderEngineParts {
  readonly files: SafeFiles;
  /** The same store as `repository`, tried again when it is away for a moment: for reading. */
  readonly patient: Repository;
  /** Journals of in-place restores. */
  readonly restores: StateFolder;
  readonly windows: boolean;
  readonly signal: AbortSignal;
}

export interface PerformOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** A folder that this process owns: what works on it, for this process and for others that ask, one after the other. */
export class OwnedFolder {
  readonly engine: FolderEngine;
  /** Its real path. */
  readonly folder: AbsolutePath;
  /** Restores that had been cut off: taken back, and finished. */
  readonly recovered: { readonly undone: number; readonly finished: number };
  readonly #parts: OwnedFolderParts;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(parts: OwnedFolderParts, { engine, recovered }: Pick<OwnedFolder, 'engine' | 'recovered'>) {
    this.#parts = parts;
    this.engine = engine;
    this.folder = parts.root;
    this.recovered = recovered;
  }

  /** Opens the engine and brings restores to an end that were cut off. */
  static async open(parts: OwnedFolderParts): Promise<OwnedFolder> {
    const { files, root, restores, clock, context, signal } = parts;
    const acknowledged = async (snapshot: SnapshotId): Promise<boolean> => await isOnServer(snapshot, parts);
    const recovered = await recoverRestores({ files, folder: root, state: restores, clock, context, signal, acknowledged });
    return new OwnedFolder(parts, { engine: await FolderEngine.open(parts), recovered });
  }

  async perform(request: FolderRequest, options: PerformOptions): Promise<FolderAnswer> {
    return await this.inTurn(async () => {
      options.signal.throwIfAborted();
      switch (request.kind) {
        case 'push':
          return await this.#push(request, options);
        case 'restore':
          return { kind: 'restored', report: await this.#restore(request, options) };
        case 'undo':
          return { kind: 'restored', report: await undoRestore(this.#inPlace(request.except, options)) };
        default:
          return request satisfies never;
      }
    });
  }

  /** Runs when everything before it is done: nobody captures the folder while a restore works on it. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#running.then(work);
    this.#running = turn.catch(() => undefined /* who asked is told */);
    return await turn;
  }

  /** Resolves when everything that was asked so far is done. */
  async idle(): Promise<void> {
    for (let last: unknown; last !== this.#running; ) {
      last = this.#running;
      await this.#running;
    }
  }

  async #push({ dirty, trigger, message, force, dryRun, git, noGitignore }: PushRequest, options: PerformOptions): Promise<FolderAnswer> {
    const { rules } = this.#parts;
    if ((git && !rules.git) || (noGitignore && rules.gitignore)) {
      throw new BackupError('conflict', 'What backs up this folder now (an editor, or holdfast watch) was started without --git or --no-gitignore: stop it first, or start it with the same.');
    }
    const isNew = this.engine.workspace === undefined;
    const report = await this.engine.push({ dirty, trigger, message, force, dryRun, include: new Set(), ...options });
    return { kind: 'pushed', report, isNew };
  }

  async #restore(request: RestoreRequest, options: PerformOptions) {
    const { path, deleteOthers, except } = request;
    const snapshot = requireContent(await this.#find(request.snapshot, options));
    return await restoreInPlace({
      ...this.#inPlace(except, options),
      snapshot: snapshot.id,
      root: snapshot.header.root,
      path,
      deleteOthers: deleteOthers ? namesKept(this.#parts, options) : undefined,
    });
  }

  async #find(id: SnapshotId, { signal }: PerformOptions) {
    return await findSnapshotById(id, { repository: this.#parts.patient, signal });
  }

  #inPlace(except: ReadonlySet<BytePath>, options: PerformOptions): InPlaceOptions {
    const { signal, onProgress } = options;
    const { patient: repository, context, files, root, restores, clock, windows } = this.#parts;
    return {
      reader: new ObjectReader({ repository, context, signal }),
      context,
      files,
      folder: root,
      state: restores,
      rootOf: async (id) => (await this.#find(id, options)).header.root,
      capture: async (paths) => await this.#capture(paths, except, options),
      clock,
      windows,
      signal,
      onProgress,
    };
  }

  /** The snapshot that a restore begins with: the folder as it is, and every path that will be touched, ignored or not. */
  async #capture(paths: ReadonlySet<BytePath>, except: ReadonlySet<BytePath>, options: PerformOptions): Promise<Captured> {
    const report = await this.engine.push({
      dirty: 'all',
      trigger: 'before-restore',
      message: undefined,
      force: false,
      dryRun: false,
      include: paths,
      ...options,
    });
    if (report.snapshot === undefined) throw new BackupError('conflict', 'The folder could not be captured before the restore: nothing was changed.');
    if (report.warningsTotal > report.warnings.length) {
      throw new BackupError('limit', 'Too much of the folder cannot be read to know what a restore may touch: nothing was changed.');
    }
    const warned = report.warnings.filter(({ kind }) => kind !== 'hard-link').map(({ path }) => path);
    const uncapturable = new Set([...paths].filter((path) => warned.some((each) => isWithin(path, each))));
    // What is to be left alone is treated as what cannot be captured: not touched, and listed.
    for (const path of except) uncapturable.add(path);
    return { snapshot: report.snapshot, acknowledged: report.outcome !== 'queued', uncapturable };
  }
}

export interface PlanInFolderOptions extends PerformOptions {
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
  readonly deleteOthers: boolean;
}

/** What a restore would do. Reads only, so it needs no ownership. */
export async function planInFolder(
  parts: Pick<OwnedFolderParts, 'patient' | 'context' | 'files' | 'root' | 'clock' | 'windows' | 'rules'>,
  options: PlanInFolderOptions,
): Promise<RestorePlan> {
  const { patient: repository, context, files, root, clock, windows, rules } = parts;
  const { signal, onProgress, path, deleteOthers } = options;
  const snapshot = requireContent(await findSnapshotById(options.snapshot, { repository, signal }));
  const reader = new ObjectReader({ repository, context, signal });
  return await planRestoreInPlace(
    {
      reader,
      context,
      files,
      folder: root,
      clock,
      windows,
      signal,
      onProgress,
      snapshot: snapshot.id,
      root: snapshot.header.root,
      path,
      deleteOthers: deleteOthers ? namesKept(parts, options) : undefined,
    },
    { windows, caseInsensitive: rules.ignoreCase },
  );
}

/** The names of a directory that the folder's rules keep. */
function namesKept({ files, root, rules: options }: Pick<OwnedFolderParts, 'files' | 'root' | 'rules'>, { signal }: PerformOptions) {
  const context = { files, root, rules: new FolderRules({ files, root, options }) };
  return {
    async keptNames(directory: BytePath): Promise<ReadonlySet<ByteName>> {
      const listed = await listDirectory(context, directory, { signal });
      return new Set(listed.kind === 'listed' ? listed.entries.map(({ name }) => name) : []);
    },
  };
}

/** Without the server: not that we know. */
async function isOnServer(snapshot: SnapshotId, { repository, signal }: OwnedFolderParts): Promise<boolean> {
  try {
    return (await repository.findSnapshots({ prefix: snapshot }, { signal })).length > 0;
  } catch (error) {
    if (!isBackupError(error)) throw error;
    return false;
  }
}
