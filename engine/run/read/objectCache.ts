import type { ObjectId } from '../../../protocol/ids.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';

/** What an object costs beside its body: ids, map entry, buffer header. */
const objectOverheadBytes = 256;

/** Objects that were read lately, at most `bytesMax` of them together. Bodies are held as given: pass copies, not views. */
export class ObjectCache {
  readonly #bytesMax: number;
  readonly #objects = new Map<ObjectId, PlainObject>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: ObjectId): PlainObject | undefined {
    const object = this.#objects.get(id);
    if (object === undefined) return undefined;
    this.#objects.delete(id); // A map iterates in order of insertion: what was used last goes to the end.
    this.#objects.set(id, object);
    return object;
  }

  has(id: ObjectId): boolean {
    return this.#objects.has(id);
  }

  add(object: PlainObject): void {
    if (this.#objects.has(object.id) || costOf(object) > this.#bytesMax) return;
    this.#objects.set(object.id, object);
    this.#bytes += costOf(object);
    for (const oldest of this.#objects.values()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#objects.delete(oldest.id);
      this.#bytes -= costOf(oldest);
    }
  }
}

function costOf({ body, children }: PlainObject): number {
  return objectOverheadBytes + body.length + 96 * children.length;
}
