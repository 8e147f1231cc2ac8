import { ByteReader } from '../../../base/bytes.ts';
import type { ByteName } from '../../core/byteString.ts';
import { readMark } from './directoryCodec.ts';
import { markBytes, type StatMark } from './statMark.ts';

/**
 * The stat marks of a directory's names. Those that came from the cache file stay there as bytes until one is asked
 * for: a scan looks at each once, and objects for all would outlive their use.
 */
export class Marks {
  readonly #bytes: Uint8Array;
  readonly #places: Map<ByteName, number>;
  readonly #changed = new Map<ByteName, StatMark | undefined>();

  /** `places` says where in `bytes` the mark of a name is. */
  constructor(bytes: Uint8Array = new Uint8Array(0), places = new Map<ByteName, number>()) {
    this.#bytes = bytes;
    this.#places = places;
  }

  get(name: ByteName): StatMark | undefined {
    if (this.#changed.has(name)) return this.#changed.get(name);
    const place = this.#places.get(name);
    if (place === undefined) return undefined;
    return readMark(new ByteReader(this.#bytes.subarray(place, place + markBytes), 'mark'));
  }

  set(name: ByteName, mark: StatMark | undefined): void {
    this.#changed.set(name, mark);
  }
}
