import * as vscode from 'vscode';
import { isBackupError } from '../../base/errors.ts';
import { displayName, nameOfPath } from '../../engine/core/byteString.ts';
import type { EngineClient } from '../engineClient.ts';
import type { EntrySummary, SnapshotPath } from '../messages/engineCalls.ts';
import type { SessionStore } from '../session/sessionStore.ts';
import { errorText } from '../text.ts';
import { snapshotPathOf } from './snapshotUris.ts';

export interface SnapshotFilesParts {
  readonly engine: EngineClient;
  readonly sessions: SessionStore;
  readonly signal: AbortSignal;
  /** Resolves when the engine knows who is signed in. */
  readonly connected: () => Promise<void>;
}

/** Snapshots as a read-only file system: what compare, open and the search see. Nothing in it ever changes. */
export class SnapshotFiles implements vscode.FileSystemProvider {
  readonly #parts: SnapshotFilesParts;
  readonly #never = new vscode.EventEmitter<vscode.FileChangeEvent[]>();

  constructor(parts: SnapshotFilesParts) {
    this.#parts = parts;
  }

  get onDidChangeFile(): vscode.Event<vscode.FileChangeEvent[]> {
    return this.#never.event;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return statOf(await this.#ask(uri, async (at, signal) => await this.#parts.engine.call('stat', at, { signal })));
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const entries = await this.#ask(uri, async (at, signal) => await this.#parts.engine.call('directory', at, { signal }));
    return entries.map((entry) => [displayName(nameOfPath(entry.path)), statOf(entry).type]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return await this.#ask(uri, async (at, signal) => await this.#parts.engine.call('readFile', at, { signal }));
  }

  createDirectory(uri: vscode.Uri): never {
    throw readOnly(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw readOnly(uri);
  }

  delete(uri: vscode.Uri): never {
    throw readOnly(uri);
  }

  rename(uri: vscode.Uri): never {
    throw readOnly(uri);
  }

  /** A document that is restored after a reload waits until it is known who is signed in. */
  async #ask<T>(uri: vscode.Uri, work: (at: SnapshotPath, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { sessions, signal, connected } = this.#parts;
    if ((await sessions.ready()) === undefined) {
      throw vscode.FileSystemError.Unavailable('You are not signed in to the server that keeps this snapshot. Nothing is lost: run “Backup: Sign In”, then open it again.');
    }
    try {
      const at = snapshotPathOf(uri);
      await connected();
      return await work(at, signal);
    } catch (error) {
      if (isBackupError(error, 'not-found')) throw vscode.FileSystemError.FileNotFound(errorText(error));
      throw vscode.FileSystemError.Unavailable(errorText(error));
    }
  }
}

function statOf({ kind, size, modifiedAt }: EntrySummary): vscode.FileStat {
  const types = { file: vscode.FileType.File, directory: vscode.FileType.Directory, symlink: vscode.FileType.SymbolicLink } as const;
  return { type: types[kind], size, ctime: modifiedAt, mtime: modifiedAt, permissions: vscode.FilePermission.Readonly };
}

function readOnly(uri: vscode.Uri): vscode.FileSystemError {
  return vscode.FileSystemError.NoPermissions(`${uri.path} is part of a snapshot, which never changes. Restore it to work on it.`);
}
