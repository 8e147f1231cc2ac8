import { BackupError, messageOf } from '../../base/errors.ts';
import { displayName } from '../../engine/core/byteString.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { openSnapshotDetails } from '../../engine/core/snapshot/encodeSnapshot.ts';
import { decodeSnapshotHeader } from '../../engine/core/snapshot/snapshotHeader.ts';
import type { AcknowledgedSnapshot, PushReport } from '../../engine/run/reports.ts';
import type { JsonDocument } from '../command.ts';
import { pathFields } from '../output/entries.ts';
import { shortId } from '../output/ids.ts';
import type { Output } from '../output/output.ts';
import { changesText } from '../output/pushes.ts';
import { formatTime } from '../output/units.ts';

const pathsShown = 3;

/** Says what a watch does, a line each. */
export class WatchReporter {
  readonly #output: Output;
  readonly #context: FormatContext;

  constructor(output: Output, context: FormatContext) {
    this.#output = output;
    this.#context = context;
  }

  /** From now on every change is noticed. */
  watching(folder: string, fields: JsonDocument): void {
    this.#say({ event: 'watching', folder, ...fields }, `Watching ${folder}. Ctrl-C stops.`);
  }

  acknowledged({ record, seq, receivedAt }: AcknowledgedSnapshot): void {
    const { trigger, partial, n, time } = decodeSnapshotHeader(record.header);
    const { counts, changed, warningsTotal } = openSnapshotDetails(record, this.#context);
    const { filesNew, filesChanged, filesDeleted } = counts;
    const paths = changed.slice(0, pathsShown).map(({ path }) => displayName(path) || '.');
    const named = paths.length === 0 ? '' : `: ${paths.join(', ')}${changed.length > pathsShown ? ', …' : ''}`;
    this.#say(
      {
        event: 'snapshot',
        snapshot: record.id,
        seq,
        n,
        receivedAt,
        time,
        trigger,
        partial,
        filesNew,
        filesChanged,
        filesDeleted,
        warningsTotal,
        changed: changed.map(({ path, kind }) => ({ ...pathFields(path), kind })),
      },
      `${formatTime(receivedAt)}  ${shortId(record.id)}  ${partial ? 'unfinished, ' : ''}${changesText(counts)}${named}`,
    );
  }

  queued({ snapshot, error }: PushReport, { waiting, now }: { readonly waiting: number; readonly now: number }): void {
    this.#say(
      { event: 'queued', snapshot: snapshot ?? null, waiting, error: error === undefined ? null : { ...error } },
      `${formatTime(now)}  waits on this disk until the server is back (${waiting} waiting)`,
    );
  }

  failed(error: unknown, now: number): void {
    const code = error instanceof BackupError ? error.code : 'failed';
    this.#say({ event: 'error', error: { code, message: messageOf(error) } }, `${formatTime(now)}  ${messageOf(error)}`);
  }

  #say(document: JsonDocument, text: string): void {
    if (this.#output.json) this.#output.document(document);
    else this.#output.line(text);
  }
}
