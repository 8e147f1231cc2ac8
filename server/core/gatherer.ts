import { encodeUtf8 } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import type { Clock, Log } from '../../engine/ports/primitives.ts';
import type { AccountId } from '../../protocol/ids.ts';
import type { GroupWriter } from './groupWriter.ts';
import type { MetadataStore } from './metadata.ts';
import type { GatherSpan, InlineSegment } from './metadataReads.ts';
import type { VolumeFill } from './metadataWrites.ts';
import type { GatherReport } from './serverCore.ts';
import { encodeSnapshotBody } from './volumeRecord.ts';
import type { NewRecord, RecordPlace, VolumeWriter } from './volumeWriter.ts';

/** At least so often, and as soon as so much lies in the database. */
export const gatherEveryMs = 60_000;
export const gatherInlineBytes = 8 * 1024 * 1024;
const roundBytesMax = 8 * 1024 * 1024;
const eventsRoundMax = 1_000;

export interface GathererParts {
  readonly store: MetadataStore;
  readonly writer: GroupWriter;
  readonly volumes: VolumeWriter;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Moves what lies in the database into volumes: segments with their locations, and copies of snapshots and events,
 * so that volumes alone can rebuild a database. A volume is always flushed before one transaction refers to it, and
 * a crash anywhere leaves nothing worse than a record that is written twice.
 */
export class Gatherer {
  readonly #parts: GathererParts;
  #inlineBytes = 0;
  #running: Promise<GatherReport> | undefined;

  constructor(parts: GathererParts) {
    this.#parts = parts;
  }

  /** Gathers at intervals until the signal is aborted. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    try {
      await this.#noteLeftBefore();
      for (;;) {
        await this.#parts.clock.sleep(gatherEveryMs, { signal });
        this.#gatherInBackground();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #noteLeftBefore(): Promise<void> {
    try {
      this.noteInline((await this.#parts.store.read('inlineTotals')).bytes);
    } catch (error) {
      this.#parts.log.warn('gather-failed', { error: messageOf(error) }); // the first interval gathers it
    }
  }

  /** Counts what a commit put into the database; enough of it is gathered at once. */
  noteInline(bytes: number): void {
    this.#inlineBytes += bytes;
    if (this.#inlineBytes >= gatherInlineBytes && this.#running === undefined) this.#gatherInBackground();
  }

  /** Everything acknowledged before the call is in volumes when it resolves. */
  async gather(): Promise<GatherReport> {
    // A run under way may have begun before the newest acknowledgement.
    if (this.#running !== undefined) await this.#running.catch(() => undefined);
    this.#running ??= this.#gather().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async idle(): Promise<void> {
    await this.#running?.catch(() => undefined); // told to whoever asked for it
  }

  #gatherInBackground(): void {
    this.gather().catch((error: unknown) => this.#parts.log.warn('gather-failed', { error: messageOf(error) }));
  }

  async #gather(): Promise<GatherReport> {
    const { store, writer, log } = this.#parts;
    this.#inlineBytes = 0;
    const span = await store.read('gatherSpan');
    const fills = new Map<string, number>();
    const moved = await this.#moveSegments(span);
    const snapshots = await this.#copySnapshots(span, fills);
    await this.#copyEvents(span, fills);
    if (fills.size > 0) {
      const seqs = span.accounts.map(({ account, seq }) => ({ account, seq }));
      await writer.write('finishGather', { seqs, event: span.event, volumes: toFills(fills) });
    }
    const report = { ...moved, snapshots };
    if (moved.segments + snapshots > 0) log.debug('gathered', { ...report });
    return report;
  }

  /** Segments first: a snapshot counts as gathered only when everything it reaches is. */
  async #moveSegments({ segment: upTo }: GatherSpan): Promise<{ readonly segments: number; readonly bytes: number }> {
    const { store, writer, volumes } = this.#parts;
    let [segments, bytes, after] = [0, 0, 0];
    for (;;) {
      const round = await store.read('inlineSegments', { after, upTo, bytesMax: roundBytesMax });
      const last = round.at(-1);
      if (last === undefined) return { segments, bytes };
      const places = await volumes.append(round.map(segmentRecord));
      const fills = new Map<string, number>();
      noteFills(fills, places);
      const moves = round.map(({ segment }, i) => ({ segment, volume: places[i]!.volume, offset: places[i]!.offset }));
      await writer.write('moveSegments', { moves, volumes: toFills(fills) });
      segments += round.length;
      bytes += round.reduce((sum, { content }) => sum + content.length, 0);
      after = last.segment;
    }
  }

  async #copySnapshots({ accounts }: GatherSpan, fills: Map<string, number>): Promise<number> {
    const { store, volumes } = this.#parts;
    let copied = 0;
    for (const { account, after: from, seq: upTo } of accounts) {
      for (let after = from; after < upTo; ) {
        const round = await store.read('snapshotsToGather', { account, after, upTo, bytesMax: roundBytesMax });
        const last = round.at(-1);
        if (last === undefined) break;
        const records = round.map(({ seq, receivedAt, record, rows }): NewRecord => {
          return { kind: 'snapshot', account, meta: { seq, receivedAt }, body: encodeSnapshotBody(record, rows) };
        });
        noteFills(fills, await volumes.append(records));
        copied += round.length;
        after = last.seq;
      }
    }
    return copied;
  }

  async #copyEvents({ eventAfter, event: upTo }: GatherSpan, fills: Map<string, number>): Promise<void> {
    const { store, volumes } = this.#parts;
    for (let after = eventAfter; after < upTo; ) {
      const round = await store.read('eventsToGather', { after, upTo, limit: eventsRoundMax });
      const last = round.at(-1);
      if (last === undefined) return;
      noteFills(fills, await volumes.append(round.map(eventRecord)));
      after = last.event;
    }
  }
}

function segmentRecord({ account, device, receivedAt, sha256, content }: InlineSegment): NewRecord {
  return { kind: 'segment', account, meta: { device, receivedAt }, body: content, sha256 };
}

function eventRecord({ account, event, at, body }: { readonly account: AccountId; readonly event: number; readonly at: number; readonly body: string }): NewRecord {
  return { kind: 'event', account, meta: { event, at }, body: encodeUtf8(body) };
}

function noteFills(fills: Map<string, number>, places: readonly RecordPlace[]): void {
  for (const { volume, end } of places) fills.set(volume, Math.max(end, fills.get(volume) ?? 0));
}

function toFills(fills: ReadonlyMap<string, number>): readonly VolumeFill[] {
  return Array.from(fills, ([volume, bytes]) => ({ volume, bytes }));
}
