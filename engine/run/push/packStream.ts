import { isBackupError } from '../../../base/errors.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { objectIdBytes } from '../../../protocol/ids.ts';
import { missingIdsMax } from '../../../protocol/limits.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { encodePack } from '../../core/pack/pack.ts';
import { encodeSegment } from '../../core/segment/encodeSegment.ts';
import type { PlainSegment } from '../../core/segment/encodeSegment.ts';
import { SegmentBuilder } from '../../core/segment/segmentBuilder.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { Pack, Repository } from '../../ports/repository.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { putPack } from '../outbox/putPack.ts';
import type { PackLimit } from '../outbox/putPack.ts';
import type { ObjectSink } from './captureTypes.ts';
import type { Link } from './link.ts';

const mib = 1024 * 1024;
/** So much is held back until the server was asked which of it is missing. */
const windowBytesMax = 4 * mib;
/** What a push sends at its end without asking: a save is one request. */
const unaskedBytesMax = mib;
/** Segments that are compressed at the same time, and packs under way. */
const sealingMax = 2;
const sendingMax = 2;

export interface PackStreamParts {
  readonly repository: Repository;
  readonly link: Link;
  readonly outbox: Outbox;
  readonly context: FormatContext;
  readonly limit: PackLimit;
  /** Whether the server is asked about everything, however little it is. */
  readonly askAlways: boolean;
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
}

interface Held {
  readonly object: PlainObject;
  readonly sensitive: boolean;
}

/**
 * Turns objects into packs and sends those that fill up while the capture goes on, in bounded memory. When the server
 * is away they go to the outbox, ahead of the snapshot that needs them. The last pack is for the commit itself.
 */
export class PackStream implements ObjectSink {
  readonly #parts: PackStreamParts;
  readonly #builder = new SegmentBuilder();
  readonly #seen = new Set<ObjectId>();
  readonly #sealing = new Set<Promise<void>>();
  readonly #sending = new Set<Promise<void>>();
  #held = new Map<ObjectId, Held>();
  #heldBytes = 0;
  #segments: Uint8Array[] = [];
  #segmentBytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: PackStreamParts) {
    this.#parts = parts;
  }

  async add(object: PlainObject, { sensitive }: { readonly sensitive: boolean }): Promise<void> {
    if (this.#seen.has(object.id)) return;
    this.#remember(object.id);
    this.#held.set(object.id, { object, sensitive });
    this.#heldBytes += object.body.length + 64;
    if (this.#heldBytes > windowBytesMax || this.#held.size === missingIdsMax) await this.#release({ ask: true });
  }

  /** Waits until all else is sent; the pack that is left is for the commit. The stream can go on afterwards. */
  async finish(): Promise<Pack | undefined> {
    await this.#release({ ask: this.#parts.askAlways || this.#heldBytes > unaskedBytesMax });
    for (const segment of this.#builder.finish()) await this.#seal(segment);
    await Promise.all(this.#sealing);
    this.#throwFailure();
    if (this.#segmentBytes > this.#parts.limit.bytesTarget) await this.#ship();
    const last = this.#segments.length === 0 ? undefined : await this.#takePack();
    await Promise.all(this.#sending);
    this.#throwFailure();
    return last;
  }

  /** Bounded: forgetting an id can only mean that its object is sent twice. */
  #remember(id: ObjectId): void {
    if (this.#seen.size >= idsRememberedMax) this.#seen.clear();
    this.#seen.add(id);
  }

  async #release({ ask }: { readonly ask: boolean }): Promise<void> {
    const held = this.#held;
    this.#held = new Map();
    this.#heldBytes = 0;
    const missing = ask && held.size > 0 ? await this.#missing([...held.keys()]) : undefined;
    for (const [id, { object, sensitive }] of held) {
      if (missing?.has(id) === false) continue;
      const complete = this.#builder.add(object, { sensitive });
      if (complete !== undefined) await this.#seal(complete);
    }
  }

  /** Undefined when the server is away: then all of it is taken for missing. */
  async #missing(ids: readonly ObjectId[]): Promise<ReadonlySet<ObjectId> | undefined> {
    const { repository, link, signal } = this.#parts;
    try {
      return await link.call((options) => repository.missing(ids, options), { signal, bytes: ids.length * objectIdBytes });
    } catch (error) {
      if (isBackupError(error, 'unavailable')) return undefined;
      throw error;
    }
  }

  async #seal(segment: PlainSegment): Promise<void> {
    while (this.#sealing.size >= sealingMax) await Promise.race(this.#sealing);
    this.#throwFailure();
    const { context, limit } = this.#parts;
    this.#track(this.#sealing, async () => {
      const bytes = await encodeSegment(segment, context);
      this.#segments.push(bytes);
      this.#segmentBytes += bytes.length;
    });
    if (this.#segmentBytes >= limit.bytesTarget) await this.#ship();
  }

  async #ship(): Promise<void> {
    while (this.#sending.size >= sendingMax) await Promise.race(this.#sending);
    this.#throwFailure();
    const pack = await this.#takePack();
    this.#track(this.#sending, async () => await this.#send(pack));
  }

  async #takePack(): Promise<Pack> {
    const segments = this.#segments;
    this.#segments = [];
    this.#segmentBytes = 0;
    return await encodePack(segments, this.#parts.context.hasher);
  }

  async #send(pack: Pack): Promise<void> {
    const { outbox, onSent } = this.#parts;
    try {
      await putPack(pack, this.#parts);
      onSent(pack.bytes.length);
    } catch (error) {
      if (!isBackupError(error, 'unavailable')) throw error;
      await outbox.append({ kind: 'pack', pack });
    }
  }

  /** Failures of work under way are kept and thrown where the stream is used next. */
  #track(group: Set<Promise<void>>, work: () => Promise<void>): void {
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => group.delete(running));
    group.add(running);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

const idsRememberedMax = 1_000_000;

/** Where a dry run sends its objects. */
export const discarding: ObjectSink = { add: async () => {} };
