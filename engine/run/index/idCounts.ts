import { objectIdBytes } from '../../../protocol/ids.ts';

const capacityMin = 64;
const fillMax = 0.7;

/**
 * How often each object id is referred to. A hash table in two typed arrays: a million ids take 40 MB, where a Map of
 * strings takes 150. Ids are keyed hashes, so their first bytes serve as the hash.
 */
export class IdCounts {
  #ids = new Uint8Array(capacityMin * objectIdBytes);
  #counts = new Uint32Array(capacityMin);
  #size = 0;
  readonly #scratch = new Uint8Array(objectIdBytes);

  /** Distinct ids with a count. */
  get size(): number {
    return this.#size;
  }

  has(id: string): boolean {
    return this.#counts[this.#slotOf(this.#parse(id), 0)]! > 0;
  }

  /** Answers the count after. */
  add(id: string): number {
    return this.addBytes(this.#parse(id), 0);
  }

  addBytes(bytes: Uint8Array, at: number): number {
    if (this.#size + 1 > this.#counts.length * fillMax) this.#grow();
    const slot = this.#slotOf(bytes, at);
    if (this.#counts[slot] === 0) {
      for (let i = 0; i < objectIdBytes; i++) this.#ids[slot * objectIdBytes + i] = bytes[at + i]!;
      this.#size += 1;
    }
    this.#counts[slot]! += 1;
    return this.#counts[slot]!;
  }

  /** Answers the count after; 0 also for what was not counted. */
  remove(id: string): number {
    const slot = this.#slotOf(this.#parse(id), 0);
    if (this.#counts[slot] === 0) return 0;
    this.#counts[slot]! -= 1;
    if (this.#counts[slot]! > 0) return this.#counts[slot]!;
    this.#size -= 1;
    this.#close(slot);
    return 0;
  }

  #parse(id: string): Uint8Array {
    for (let i = 0; i < objectIdBytes; i++) this.#scratch[i] = (nibble(id, 2 * i) << 4) | nibble(id, 2 * i + 1);
    return this.#scratch;
  }

  /** Where the id is, or the free place where it would go. */
  #slotOf(bytes: Uint8Array, at: number): number {
    const mask = this.#counts.length - 1;
    let slot = homeOf(bytes, at) & mask;
    while (this.#counts[slot]! > 0 && !this.#isAt(slot, bytes, at)) slot = (slot + 1) & mask;
    return slot;
  }

  #isAt(slot: number, bytes: Uint8Array, at: number): boolean {
    const start = slot * objectIdBytes;
    for (let i = 0; i < objectIdBytes; i++) if (this.#ids[start + i] !== bytes[at + i]) return false;
    return true;
  }

  /** Moves later ids of the same run into the gap, so that a search never stops too early. */
  #close(gap: number): void {
    const mask = this.#counts.length - 1;
    let free = gap;
    for (let slot = (gap + 1) & mask; this.#counts[slot]! > 0; slot = (slot + 1) & mask) {
      const home = homeOf(this.#ids, slot * objectIdBytes) & mask;
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      this.#ids.copyWithin(free * objectIdBytes, slot * objectIdBytes, (slot + 1) * objectIdBytes);
      this.#counts[free] = this.#counts[slot]!;
      this.#counts[slot] = 0;
      free = slot;
    }
  }

  #grow(): void {
    const [ids, counts] = [this.#ids, this.#counts];
    this.#ids = new Uint8Array(ids.length * 2);
    this.#counts = new Uint32Array(counts.length * 2);
    for (let old = 0; old < counts.length; old++) {
      if (counts[old] === 0) continue;
      const slot = this.#slotOf(ids, old * objectIdBytes);
      this.#ids.set(ids.subarray(old * objectIdBytes, (old + 1) * objectIdBytes), slot * objectIdBytes);
      this.#counts[slot] = counts[old]!;
    }
  }
}

function homeOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function nibble(id: string, at: number): number {
  const code = id.charCodeAt(at);
  return code < 58 ? code - 48 : code - 87;
}
