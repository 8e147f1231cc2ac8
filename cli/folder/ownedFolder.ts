import { join } from 'node:path';
import { BackupError, isBackupError } from '../../base/errors.ts';
import type { RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { StateFolder } from '../../engine/ports/stateFolder.ts';
import type { FolderEngine, FolderEngineParts } from '../../engine/run/folderEngine.ts';
import type { OnAcknowledged, OnProgress } from '../../engine/run/reports.ts';
import { recoverRestores } from '../../engine/run/restore/recoverRestores.ts';
import type { SnapshotId } from '../../protocol/ids.ts';
import type { Call, Outcome } from '../command.ts';
import type { Server } from '../session/server.ts';
import { stateFolderOf } from '../workspace/findPlace.ts';
import type { FolderRequest } from './folderRequest.ts';
import { openEngine } from './openEngine.ts';
import { performPush } from './performPush.ts';
import { performRestore, performUndo } from './performRestore.ts';

export interface FolderOptions {
  readonly call: Call;
  readonly server: Server;
  /** The folder's real path. */
  readonly folder: AbsolutePath;
  /** The folder again, or the one file of it that is backed up by itself. */
  readonly identity: AbsolutePath;
  /** What a new workspace is to be called; the folder's name when undefined. */
  readonly name: string | undefined;
  /** An existing workspace that the folder joins, when it belongs to none. */
  readonly join?: FolderEngineParts['join'];
  readonly rules: RuleOptions;
  readonly onAcknowledged?: OnAcknowledged;
}

export interface PerformOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** A folder that this process owns: what works on it, for this process's own command and for others that ask. */
export class OwnedFolder {
  readonly options: FolderOptions;
  readonly engine: FolderEngine;
  /** Journals of in-place restores. */
  readonly restores: StateFolder;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(parts: { readonly options: FolderOptions; readonly engine: FolderEngine; readonly restores: StateFolder }) {
    this.options = parts.options;
    this.engine = parts.engine;
    this.restores = parts.restores;
  }

  /** Opens the engine and brings restores to an end that were cut off. */
  static async open(options: FolderOptions): Promise<OwnedFolder> {
    const { call, server, folder, identity } = options;
    const { home, files, clock, primitives } = call.surroundings;
    const restores = await openStateFolder(join(stateFolderOf(identity, { home, session: server.session }), 'restores'));
    const { undone, finished } = await recoverRestores({
      files,
      folder,
      state: restores,
      clock,
      context: primitives,
      signal: call.signal,
      acknowledged: async (snapshot) => await isOnServer(snapshot, options),
    });
    if (undone > 0) call.output.note('A restore that had been cut off was taken back: nothing of it had been put in place yet.');
    if (finished > 0) call.output.note('A restore that had been cut off was finished; npx --no holdfast undo takes it back.');
    return new OwnedFolder({ options, engine: await openEngine(options), restores });
  }

  /** What is asked for, one after the other. */
  async perform(request: FolderRequest, options: PerformOptions): Promise<Outcome> {
    return await this.inTurn(async () => await this.#perform(request, options));
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

  async #perform(request: FolderRequest, options: PerformOptions): Promise<Outcome> {
    options.signal.throwIfAborted();
    switch (request.kind) {
      case 'push':
        this.#requireRules(request);
        return await performPush(this, request, options);
      case 'restore':
        return await performRestore(this, request, options);
      case 'undo':
        return await performUndo(this, options);
      default:
        return request satisfies never;
    }
  }

  #requireRules({ git, noGitignore }: { readonly git: boolean; readonly noGitignore: boolean }): void {
    const { rules } = this.options;
    if ((!git || rules.git) && (!noGitignore || !rules.gitignore)) return;
    throw new BackupError('conflict', 'The holdfast that watches this folder was started without --git or --no-gitignore: stop it first, or start it with the same.');
  }
}

/** Without the server: not that we know. */
async function isOnServer(snapshot: SnapshotId, { server, call }: FolderOptions): Promise<boolean> {
  try {
    return (await server.repositoryOnce.findSnapshots({ prefix: snapshot }, { signal: call.signal })).length > 0;
  } catch (error) {
    if (!isBackupError(error)) throw error;
    return false;
  }
}
