import type { Clock, Log, Primitives } from '../engine/ports/primitives.ts';
import type { AccountStore } from './core/accountStore.ts';
import type { CheckFinding } from './core/checkTypes.ts';
import type { ServerCore } from './core/serverCore.ts';

/** What a data folder is opened with. */
export interface OpenOptions {
  /** Made when missing, with a new master key and instance. */
  readonly dataDirectory: string;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens a data folder as its one owner, making it when it is new. After a crash it works at once.
 * Errors: `conflict` when another process serves this folder; `not-found` when its master.key is gone, `corrupt` when
 * that is another folder's; `invalid` when the data is of a newer version.
 */
export function openServerCore(options: OpenOptions): Promise<ServerCore> {
  return Promise.reject(new Error(`not written yet: ${options.dataDirectory}`));
}

/** Accounts alone, for `user …` beside a running server or without one. Makes the data folder when it is missing. */
export function openAccountStore(options: OpenOptions): Promise<AccountStore & { close(): Promise<void> }> {
  return Promise.reject(new Error(`not written yet: ${options.dataDirectory}`));
}

/** `check` beside a running server or without one: opens everything read-only. Errors: `not-found` without data. */
export async function* checkData(options: OpenOptions & { readonly signal: AbortSignal }): AsyncGenerator<CheckFinding> {
  yield await Promise.reject(new Error(`not written yet: ${options.dataDirectory}`));
}
