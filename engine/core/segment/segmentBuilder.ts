import { objectIdBytes } from '../../../protocol/ids.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { segmentObjectsMax, segmentPlainBytesTarget } from '../../../protocol/limits.ts';
import type { PlainSegment } from './encodeSegment.ts';
import type { PlainObject, SegmentContent } from './segmentTypes.ts';

/**
 * Gathers objects, in the order of paths, into segments of about `segmentPlainBytesTarget`: chunks apart from trees
 * and lists, and chunks of sensitive files (isSensitiveName) apart from all others. Compresses and seals nothing:
 * hand what it answers to `encodeSegment`. Holds at most three open segments.
 */
export class SegmentBuilder {
  readonly #data = new OpenSegment('data');
  readonly #sensitive = new OpenSegment('data');
  readonly #trees = new OpenSegment('trees');

  /**
   * Answers the segment that is complete now, if any; the object may be in a later one. An object that waits
   * already is passed over.
   */
  add(object: PlainObject, { sensitive = false }: { readonly sensitive?: boolean } = {}): PlainSegment | undefined {
    if (object.kind !== 'chunk') return this.#trees.add(object);
    return (sensitive ? this.#sensitive : this.#data).add(object);
  }

  /** What waits still; the builder is then empty. */
  finish(): readonly PlainSegment[] {
    return [this.#data.take(), this.#sensitive.take(), this.#trees.take()].filter((segment) => segment !== undefined);
  }
}

class OpenSegment {
  readonly #content: SegmentContent;
  #objects = new Map<ObjectId, PlainObject>();
  #bytes = 0;

  constructor(content: SegmentContent) {
    this.#content = content;
  }

  add(object: PlainObject): PlainSegment | undefined {
    if (this.#objects.has(object.id)) return undefined;
    // Child lists lie in the header, in clear and outside the plaintext, but weigh the same.
    const bytes = object.body.length + objectIdBytes * (1 + object.children.length);
    const full = this.#bytes + bytes > segmentPlainBytesTarget || this.#objects.size === segmentObjectsMax;
    const complete = full ? this.take() : undefined;
    this.#objects.set(object.id, object);
    this.#bytes += bytes;
    return complete;
  }

  take(): PlainSegment | undefined {
    if (this.#objects.size === 0) return undefined;
    const segment = { content: this.#content, objects: [...this.#objects.values()] };
    this.#objects = new Map();
    this.#bytes = 0;
    return segment;
  }
}
