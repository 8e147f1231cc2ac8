import type { ObjectId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { SnapshotWarning, WarningKind } from '../../core/snapshot/snapshotTypes.ts';

/** Where captured objects go. Waits when too many are under way. */
export interface ObjectSink {
  add(object: PlainObject, options: { readonly sensitive: boolean }): Promise<void>;
}

/** How much of what the caches say is not to be believed. */
export interface Distrust {
  /** Files are read whatever their marks say. */
  readonly readAll: boolean;
  /** Objects that must be sent though they were sent before. */
  resend(id: ObjectId): boolean;
  /** Objects that the server is known to have lost: an entry that needs one and cannot be read again is a gap. */
  lost(id: ObjectId): boolean;
}

export const trusting: Distrust = { readAll: false, resend: () => false, lost: () => false };

/** Warnings kept with their path; beyond, they are counted only. */
const warningsKeptMax = 10_000;

/** What a capture counts while it runs. */
export class CaptureProgress {
  filesSeen = 0;
  bytesRead = 0;
  readonly #warnings = new Map<string, SnapshotWarning>();
  #warningsBeyond = 0;

  get warnings(): readonly SnapshotWarning[] {
    return [...this.#warnings.values()];
  }

  get warningsTotal(): number {
    return this.#warnings.size + this.#warningsBeyond;
  }

  warn(path: BytePath, kind: WarningKind): void {
    const key = `${kind} ${path}`;
    if (this.#warnings.has(key)) return;
    if (this.#warnings.size < warningsKeptMax) this.#warnings.set(key, { path, kind });
    else this.#warningsBeyond += 1;
  }
}
