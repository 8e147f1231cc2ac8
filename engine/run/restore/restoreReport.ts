import type { SnapshotId } from '../../../protocol/ids.ts';
import type { BytePath } from '../../core/byteString.ts';
import type { RefusedPath, RestorePlan, RestoreTotals } from '../../core/restore/restorePlan.ts';
import type { OnProgress } from '../reports.ts';
import type { FailedPath } from './writeQueue.ts';

/** What a restore did. Complete only when nothing is refused or failed. */
export interface RestoreReport {
  readonly totals: RestoreTotals;
  readonly refused: readonly RefusedPath[];
  readonly failed: readonly FailedPath[];
  /** Versions that somebody made meanwhile, kept beside what was restored. */
  readonly keptBeside: readonly KeptBeside[];
}

export interface KeptBeside {
  readonly path: BytePath;
  readonly as: BytePath;
}

/** Counts what is written and tells. */
export class WriteProgress {
  readonly #totals: RestorePlan['totals'];
  readonly #tell: OnProgress;
  #files = 0;
  #bytes = 0;

  constructor({ totals }: Pick<RestorePlan, 'totals'>, tell: OnProgress) {
    this.#totals = totals;
    this.#tell = tell;
  }

  file(): void {
    this.#files += 1;
    this.#report();
  }

  bytes(count: number): void {
    this.#bytes += count;
    this.#report();
  }

  #report(): void {
    const { files, bytes } = this.#totals;
    this.#tell({ phase: 'write', filesDone: this.#files, filesTotal: files, bytesDone: this.#bytes, bytesTotal: bytes });
  }
}

export interface InPlaceReport extends RestoreReport {
  /** Left as they are, because somebody changed them meanwhile. */
  readonly left: readonly BytePath[];
  /** The snapshot that `undo` goes back to; undefined when there was nothing to do. */
  readonly before: SnapshotId | undefined;
  /** `kept`: the server does not have that snapshot yet, so what was replaced is still on the disk, set aside. */
  readonly asides: 'kept' | 'dropped';
}
