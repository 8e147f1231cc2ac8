import { Semaphore } from '../../../base/concurrency.ts';
import { BackupError, isBackupError } from '../../../base/errors.ts';
import { decodeOutboxItem, encodeOutboxItem } from '../../core/sync/outboxItem.ts';
import type { OutboxItem } from '../../core/sync/outboxItem.ts';
import { decodeSnapshotHeader } from '../../core/snapshot/snapshotHeader.ts';
import type { SnapshotHeader } from '../../core/snapshot/snapshotTypes.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { typed } from '../restore/typed.ts';
import type { Hasher, Log } from '../../ports/primitives.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';
import { encodePosition, parsePosition, positionName, startPosition } from './outboxPosition.ts';
import type { AcknowledgedTip, LaneTip, Position } from './outboxPosition.ts';

const mib = 1024 * 1024;
/** Beyond this, what waits is folded; beyond twice this, nothing more is taken. */
export const outboxBytesMax = 512 * mib;
export const outboxItemsMax = 10_000;
/** What is kept of acknowledged items until the server has gathered them. */
export const sentBytesMax = 32 * mib;

/** What is known of an item without reading it. */
export interface Waiting {
  readonly number: number;
  readonly bytes: number;
  /** Undefined for a pack that goes ahead of its snapshot. */
  readonly snapshot: WaitingHeader | undefined;
}

export interface WaitingHeader {
  readonly id: SnapshotId;
  readonly header: SnapshotHeader;
  readonly labelled: boolean;
}

export interface OutboxParts {
  readonly folder: StateFolder;
  readonly hasher: Hasher;
  readonly log: Log;
  readonly bytesMax?: number;
  readonly sentBytesMax?: number;
}

/**
 * What was captured and not yet acknowledged, in order, on disk: one file an item, never changed once written. A
 * generation is the sequence as a whole; rewriting makes the next one and switches to it at once. Acknowledged items
 * stay, bounded, until the server has gathered them, so that they can be sent again after a loss.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #bytesMax: number;
  readonly #sentBytesMax: number;
  /** Writes follow one another. */
  readonly #turn = new Semaphore(1);
  #position: Position;
  #waiting: Waiting[] = [];
  #sent: Waiting[] = [];

  private constructor(parts: OutboxParts, position: Position) {
    this.#parts = parts;
    this.#bytesMax = parts.bytesMax ?? outboxBytesMax;
    this.#sentBytesMax = parts.sentBytesMax ?? sentBytesMax;
    this.#position = position;
  }

  /** Reads what an earlier process left; what was not written whole is dropped. */
  static async open(parts: OutboxParts): Promise<Outbox> {
    const position = parsePosition(await parts.folder.read(positionName));
    if (position === undefined) parts.log.warn('outbox.reset');
    const outbox = new Outbox(parts, position ?? startPosition);
    await outbox.#load();
    return outbox;
  }

  /** In the order in which they must be sent. */
  get waiting(): readonly Waiting[] {
    return this.#waiting;
  }

  /** Acknowledged and kept, oldest first. */
  get sent(): readonly Waiting[] {
    return this.#sent;
  }

  get acknowledged(): AcknowledgedTip | undefined {
    return this.#position.acknowledged;
  }

  /** The newest state of the lane: the last that waits, else the last acknowledged. */
  get tip(): LaneTip | undefined {
    const last = this.#waiting.findLast(({ snapshot }) => snapshot !== undefined)?.snapshot;
    if (last === undefined) return this.acknowledged;
    const { n, root, partial } = last.header;
    return { n, id: last.id, root, partial };
  }

  get bytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether older states should be folded before more is added. */
  get full(): boolean {
    return this.bytes > this.#bytesMax || this.#waiting.length > outboxItemsMax;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** Durable when it resolves. Errors: `limit` when too much waits. */
  async append(item: OutboxItem): Promise<void> {
    if (this.bytes > 2 * this.#bytesMax) {
      throw new BackupError('limit', 'Too much waits for the server already.', { bytesMax: this.#bytesMax });
    }
    await this.#turn.run(async () => {
      this.#waiting.push(await this.#write(item, this.#position.generation, this.#nextNumber()));
    });
  }

  /** Errors: `corrupt` when the disk damaged it. */
  async read({ number }: Waiting): Promise<OutboxItem> {
    const bytes = await this.#parts.folder.read(itemName(this.#position.generation, number));
    if (bytes === undefined) throw new BackupError('corrupt', 'A waiting snapshot is gone.', { number });
    return decodeOutboxItem(bytes, this.#parts.hasher);
  }

  /** The first item was accepted. `acknowledged` is undefined for a pack. */
  async acceptFirst(acknowledged: AcknowledgedTip | undefined): Promise<void> {
    const [first] = this.#waiting;
    if (first === undefined) return;
    if (acknowledged !== undefined) await this.#moveTo({ ...this.#position, acknowledged, acceptedThrough: first.number });
    this.#waiting.shift();
    this.#sent.push(first);
    await this.#dropSent((_, bytesAfter) => bytesAfter > this.#sentBytesMax);
  }

  /** The server keeps everything up to its `seq` safely by itself. */
  async gathered(seq: number): Promise<void> {
    const { acknowledged } = this.#position;
    if (acknowledged !== undefined && seq >= acknowledged.seq) await this.#dropSent(() => true);
  }

  /** Replaces everything: what waits, what was sent, and what counts as acknowledged. All or nothing. */
  async rewrite(items: Iterable<OutboxItem> | AsyncIterable<OutboxItem>, acknowledged: AcknowledgedTip | undefined): Promise<void> {
    const old = [...this.#sent, ...this.#waiting];
    const { generation } = this.#position;
    const written: Waiting[] = [];
    for await (const item of items) written.push(await this.#write(item, generation + 1, written.length + 1));
    await this.#moveTo({ generation: generation + 1, acknowledged, acceptedThrough: 0 });
    this.#waiting = written;
    this.#sent = [];
    for (const { number } of old) await this.#parts.folder.remove(itemName(generation, number));
  }

  #nextNumber(): number {
    return (this.#waiting.at(-1)?.number ?? this.#sent.at(-1)?.number ?? this.#position.acceptedThrough) + 1;
  }

  async #write(item: OutboxItem, generation: number, number: number): Promise<Waiting> {
    const bytes = encodeOutboxItem(item, this.#parts.hasher);
    await typed('The state cannot be stored on this disk', async () => await this.#parts.folder.replace(itemName(generation, number), bytes));
    return { number, bytes: bytes.length, snapshot: headerOf(item) };
  }

  async #moveTo(position: Position): Promise<void> {
    await typed('The state cannot be stored on this disk', async () => await this.#parts.folder.replace(positionName, encodePosition(position)));
    this.#position = position;
  }

  /** Drops kept items, oldest first, as long as `excess` says so of what would be left. */
  async #dropSent(excess: (item: Waiting, bytes: number) => boolean): Promise<void> {
    let bytes = this.#sent.reduce((sum, item) => sum + item.bytes, 0);
    for (let oldest = this.#sent[0]; oldest !== undefined && excess(oldest, bytes); oldest = this.#sent[0]) {
      await this.#parts.folder.remove(itemName(this.#position.generation, oldest.number));
      this.#sent.shift();
      bytes -= oldest.bytes;
    }
  }

  async #load(): Promise<void> {
    const { folder, log, hasher } = this.#parts;
    const { generation, acceptedThrough } = this.#position;
    for (const name of (await folder.list()).toSorted()) {
      const place = parseItemName(name);
      if (place === undefined) continue;
      const bytes = place.generation === generation ? await folder.read(name) : undefined;
      const item = bytes && decodeOrDrop(bytes, hasher);
      if (bytes === undefined || item === undefined) {
        if (place.generation === generation) log.warn('outbox.dropped', { name });
        await folder.remove(name);
        continue;
      }
      const waiting = { number: place.number, bytes: bytes.length, snapshot: headerOf(item) };
      (place.number <= acceptedThrough ? this.#sent : this.#waiting).push(waiting);
    }
  }
}

function itemName(generation: number, number: number): string {
  return `item-${String(generation).padStart(8, '0')}-${String(number).padStart(12, '0')}`;
}

function parseItemName(name: string): { readonly generation: number; readonly number: number } | undefined {
  const match = /^item-(\d{8})-(\d{12})$/.exec(name);
  return match === null ? undefined : { generation: Number(match[1]), number: Number(match[2]) };
}

function headerOf(item: OutboxItem): WaitingHeader | undefined {
  if (item.kind === 'pack') return undefined;
  return { id: item.record.id, header: decodeSnapshotHeader(item.record.header), labelled: item.labelled };
}

function decodeOrDrop(bytes: Uint8Array, hasher: Hasher): OutboxItem | undefined {
  try {
    return decodeOutboxItem(bytes, hasher);
  } catch (error) {
    if (isBackupError(error, 'corrupt') || isBackupError(error, 'invalid')) return undefined;
    throw error;
  }
}
