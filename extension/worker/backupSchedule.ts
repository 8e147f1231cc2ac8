import type { BytePath } from '../../engine/core/byteString.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import type { Notice } from '../messages/engineCalls.ts';

const minuteMs = 60_000;
/** A save and what the watcher says of it come this close together. */
export const quietMs = 150;
/** A busy folder is pushed at the latest this long after the first change. */
export const waitMsMax = 2_000;
/** Events can be missed: everything is looked at this often. */
export const scanEveryMs = 10 * minuteMs;
/** Past this, telling what changed costs more than looking. */
export const dirtyPathsMax = 20_000;
/** How often an unreachable server is tried, from the first to the longest wait. */
export const retryMs = { first: 2_000, longest: 30_000 } as const;

export type Work =
  | { readonly kind: 'push'; readonly dirty: Dirty; readonly trigger: 'save' | 'watch' | 'scan' }
  /** Send what waits. */
  | { readonly kind: 'drain' };

export interface ScheduleOptions {
  readonly now: number;
  /** One path that the editor saves by itself is pushed at most once in this time. */
  readonly coalesceMs: number;
  /** Off: changes are pushed by hand only; what waits is sent all the same. */
  readonly auto: boolean;
}

/**
 * When a folder is pushed, and what of it. Pure: time is handed in, the caller owns the timer and does one thing at a
 * time. Changes close together are one push; a file that the editor saves again and again by itself waits its turn
 * without holding up the others.
 */
export class BackupSchedule {
  readonly #auto: boolean;
  readonly #coalesceMs: number;
  #soon = new Set<BytePath>();
  #all = false;
  #saved = false;
  #firstAt: number | undefined;
  #lastAt = 0;
  /** Paths that wait until their time, because they were pushed a moment ago. */
  readonly #later = new Map<BytePath, number>();
  /** When paths that the editor saves by itself were taken last. */
  readonly #takenAt = new Map<BytePath, number>();
  #scanAt: number;
  #retryAt: number | undefined;
  #retryDelayMs: number = retryMs.first;
  #busy = false;

  constructor({ now, coalesceMs, auto }: ScheduleOptions) {
    this.#coalesceMs = coalesceMs;
    this.#auto = auto;
    this.#scanAt = auto ? now : Number.POSITIVE_INFINITY;
    // A scan sends what an earlier window left; without one it is sent by itself.
    this.#retryAt = auto ? undefined : now;
  }

  /** Whether there are changes that no push has taken yet. */
  get dirty(): boolean {
    return this.#all || this.#soon.size > 0 || this.#later.size > 0;
  }

  notice(paths: readonly BytePath[] | 'all', cause: Notice['cause'], now: number): void {
    if (!this.#auto) return;
    if (paths === 'all' || this.#soon.size + paths.length > dirtyPathsMax) {
      this.#all = true;
      this.#soon.clear();
    } else for (const path of paths) this.#noticePath(path, cause, now);
    if (this.#all || this.#soon.size > 0) {
      this.#firstAt ??= now;
      this.#lastAt = now;
    }
    if (cause === 'save' || cause === 'autosave') this.#saved = true;
  }

  /** Ms until there is something to do; 0 when there is, undefined while something is done. */
  dueIn(now: number): number | undefined {
    if (this.#busy) return undefined;
    return Math.max(0, Math.min(this.#changesDueAt(), this.#scanAt, this.#retryAt ?? Number.POSITIVE_INFINITY) - now);
  }

  /** What is to be done now; `done` or `failed` must follow. */
  take(now: number): Work | undefined {
    if (this.#busy) return undefined;
    const scan = this.#scanAt <= now;
    if (!scan && this.#changesDueAt() > now) {
      if (this.#retryAt === undefined || this.#retryAt > now) return undefined;
      this.#busy = true;
      return { kind: 'drain' };
    }
    this.#busy = true;
    return { kind: 'push', ...this.#takeChanges(now, { scan }) };
  }

  done({ now, waits }: { readonly now: number; readonly waits: boolean }): void {
    this.#busy = false;
    if (waits) this.#retryLater(now);
    else {
      this.#retryAt = undefined;
      this.#retryDelayMs = retryMs.first;
    }
  }

  /** Somebody pushed by hand, and the server is away. */
  queued(now: number): void {
    if (!this.#busy && this.#retryAt === undefined) this.#retryLater(now);
  }

  /** What was taken may not be captured: it is looked for again. */
  failed(now: number): void {
    this.#busy = false;
    this.#retryLater(now);
    if (this.#auto) this.#scanAt = Math.max(now + retryMs.first, this.#retryAt ?? now);
  }

  #noticePath(path: BytePath, cause: Notice['cause'], now: number): void {
    const takenAt = this.#takenAt.get(path);
    const again = takenAt !== undefined && takenAt + this.#coalesceMs > now;
    if (cause === 'autosave' && !again) this.#takenAt.set(path, now);
    // Only what the editor saved by itself before is held back, whoever tells of it now; a person's own save never.
    if (again && cause !== 'save') this.#later.set(path, this.#later.get(path) ?? takenAt + this.#coalesceMs);
    else if (!this.#all) this.#soon.add(path);
    if (cause === 'save') this.#later.delete(path);
  }

  #changesDueAt(): number {
    const soonAt = this.#firstAt === undefined ? Number.POSITIVE_INFINITY : Math.min(this.#lastAt + quietMs, this.#firstAt + waitMsMax);
    let dueAt = soonAt;
    for (const at of this.#later.values()) dueAt = Math.min(dueAt, at);
    return dueAt;
  }

  #takeChanges(now: number, { scan }: { readonly scan: boolean }): { readonly dirty: Dirty; readonly trigger: 'save' | 'watch' | 'scan' } {
    const all = this.#all || scan;
    const dirty = this.#soon;
    for (const [path, at] of this.#later) {
      if (at > now && !all) continue;
      this.#later.delete(path);
      this.#takenAt.set(path, now);
      dirty.add(path);
    }
    for (const [path, at] of this.#takenAt) if (at + this.#coalesceMs <= now) this.#takenAt.delete(path);
    const saved = this.#saved && dirty.size > 0;
    this.#soon = new Set();
    this.#all = false;
    this.#saved = false;
    this.#firstAt = undefined;
    if (all) this.#scanAt = now + scanEveryMs;
    return all ? { dirty: 'all', trigger: saved ? 'save' : 'scan' } : { dirty, trigger: saved ? 'save' : 'watch' };
  }

  #retryLater(now: number): void {
    this.#retryAt = now + this.#retryDelayMs;
    this.#retryDelayMs = Math.min(retryMs.longest, this.#retryDelayMs * 2);
  }
}
