import { toHex } from '../../base/bytes.ts';
import type { Hasher, Random } from '../../engine/ports/primitives.ts';
import type { VolumeDisk } from './volumeDisk.ts';
import type { VolumeRecord } from './volumeRecord.ts';
import { encodeRecordHeader, encodeVolumeHeader, volumeHeaderBytes } from './volumeRecord.ts';

/** A volume that has grown to this takes no further batch. */
export const volumeBytesTarget = 256 * 1024 * 1024;
const volumeNameBytes = 16;
/** Records written before one flush. */
const batchBytesMax = 64 * 1024 * 1024;

/** A record to write; `sha256` is the body's. */
export type NewRecord = VolumeRecord & { readonly sha256?: Uint8Array };

export interface RecordPlace {
  readonly volume: string;
  /** Where the body begins. */
  readonly offset: number;
  /** Where the record ends. */
  readonly end: number;
}

export interface VolumeWriterParts {
  readonly disk: VolumeDisk;
  readonly hasher: Hasher;
  readonly random: Random;
  /** Notes a new volume durably before its first byte is written. */
  readonly reserve: (volume: string) => Promise<void>;
  readonly bytesTarget?: number;
}

interface Waiting {
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly resolve: (places: readonly RecordPlace[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends records to the newest volume, one batch and one flush after another: whoever comes while a flush is under
 * way shares the next one. It always begins with a new volume, so that what a crash left is never written again.
 */
export class VolumeWriter {
  readonly #parts: VolumeWriterParts;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #current: { readonly volume: string; bytes: number } | undefined;

  constructor(parts: VolumeWriterParts) {
    this.#parts = parts;
  }

  /** Resolves when all of them are durable, with their places in order. */
  append(records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    if (records.length === 0) return Promise.resolve([]);
    const bytes = records.reduce((sum, { body }) => sum + body.length, 0);
    const answer = new Promise<readonly RecordPlace[]>((resolve, reject) => {
      this.#waiting.push({ records, bytes, resolve, reject });
    });
    this.#running ??= this.#run();
    return answer;
  }

  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        const places = await this.#writeBatch(batch.flatMap(({ records }) => records));
        let at = 0;
        for (const { records, resolve } of batch) resolve(places.slice(at, (at += records.length)));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  #takeBatch(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || bytes < batchBytesMax)) bytes += this.#waiting[count++]!.bytes;
    return this.#waiting.splice(0, count);
  }

  async #writeBatch(records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    const { disk, hasher, bytesTarget = volumeBytesTarget } = this.#parts;
    if (this.#current === undefined || this.#current.bytes >= bytesTarget) this.#current = await this.#begin();
    const current = this.#current;
    const { volume } = current;
    const parts: Uint8Array[] = current.bytes === volumeHeaderBytes ? [encodeVolumeHeader()] : [];
    const from = current.bytes - (parts.length > 0 ? volumeHeaderBytes : 0);
    let end = current.bytes;
    const places = records.map((record): RecordPlace => {
      const header = encodeRecordHeader(record, hasher, record.sha256);
      parts.push(header, record.body);
      const offset = end + header.length;
      end = offset + record.body.length;
      return { volume, offset, end };
    });
    // A failed write is repeated at the same place by the next batch: nobody was told of it.
    await this.#orCutBack(disk.write(volume, from, parts), { volume, from });
    try {
      await this.#orCutBack(disk.sync(volume), { volume, from });
    } catch (error) {
      // What a failed flush left behind is unknown for good: this volume is never written again.
      this.#current = undefined;
      throw error;
    }
    current.bytes = end;
    return places;
  }

  /** What a write that failed has left is cut off at once: on a full disk, it is what fills it. */
  async #orCutBack(work: Promise<void>, { volume, from }: { readonly volume: string; readonly from: number }): Promise<void> {
    try {
      await work;
    } catch (error) {
      await this.#parts.disk.truncate(volume, from).catch(() => (this.#current = undefined)); // the next start cuts it
      throw error;
    }
  }

  async #begin(): Promise<{ readonly volume: string; bytes: number }> {
    const volume = toHex(this.#parts.random.bytes(volumeNameBytes));
    await this.#parts.reserve(volume);
    return { volume, bytes: volumeHeaderBytes };
  }
}
