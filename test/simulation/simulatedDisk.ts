import { concatBytes } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import type { Dice } from '../../engine/testing/dice.ts';
import type { VolumeDisk, VolumeFile } from '../../server/core/volumeDisk.ts';

interface Volume {
  /** As reads see it. */
  content: Uint8Array;
  /** As it was after the last flush; undefined while the file itself may vanish. */
  durable: Uint8Array | undefined;
  /** Writes since then, in order, and cuts: those are a position alone. */
  unsynced: Change[];
}

interface Change {
  readonly position: number;
  readonly bytes?: Uint8Array;
}

/**
 * A disk that keeps only what was flushed: in a crash every write since the last flush is lost, kept, or torn, each
 * for itself, and a file never flushed may vanish. It fills up, and flushes can fail.
 */
export class SimulatedDisk implements VolumeDisk {
  full = false;
  syncFails = false;
  readonly #volumes = new Map<string, Volume>();
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  async write(volume: string, position: number, parts: readonly Uint8Array[]): Promise<void> {
    const whole = concatBytes(parts);
    // A full disk takes what still fits.
    const bytes = this.full ? whole.subarray(0, this.#dice.below(whole.length)) : whole;
    const file = this.#volumes.get(volume) ?? { content: new Uint8Array(0), durable: undefined, unsynced: [] };
    this.#volumes.set(volume, file);
    file.content = withBytes(file.content, position, bytes);
    file.unsynced.push({ position, bytes });
    if (this.full) throw new BackupError('limit', 'The simulated disk is full.');
  }

  async sync(volume: string): Promise<void> {
    const file = this.#volume(volume);
    if (this.syncFails) {
      // As kernels do it: what could not be flushed still reads well, and no later flush tries it again.
      file.unsynced = file.unsynced.filter(() => this.#dice.chance(0.5));
      throw new BackupError('unavailable', 'The simulated flush failed.');
    }
    file.durable = file.unsynced.reduce(changed, file.durable ?? new Uint8Array(0));
    file.unsynced = [];
  }

  async truncate(volume: string, bytes: number): Promise<void> {
    const file = this.#volume(volume);
    file.content = file.content.slice(0, bytes);
    file.unsynced.push({ position: bytes });
  }

  async read(volume: string, position: number, length: number): Promise<Uint8Array> {
    return this.#volume(volume).content.slice(position, position + length);
  }

  async list(): Promise<readonly VolumeFile[]> {
    return Array.from(this.#volumes, ([name, { content }]) => ({ name, bytes: content.length }));
  }

  async remove(volume: string): Promise<void> {
    this.#volumes.delete(volume);
  }

  crash(): void {
    for (const [name, file] of this.#volumes) {
      if (file.durable === undefined && this.#dice.chance(0.5)) {
        this.#volumes.delete(name);
        continue;
      }
      let content = file.durable ?? new Uint8Array(0);
      for (const change of file.unsynced) {
        const { position, bytes } = change;
        const fate = this.#dice.below(3);
        if (fate === 1) content = changed(content, change);
        if (fate === 2 && bytes !== undefined) content = withBytes(content, position, bytes.subarray(0, this.#dice.below(bytes.length + 1)));
      }
      file.content = content;
      // Whatever survived the crash is on the platter.
      file.durable = content;
      file.unsynced = [];
    }
  }

  #volume(name: string): Volume {
    const file = this.#volumes.get(name);
    if (file === undefined) throw new BackupError('not-found', 'The simulated disk has no such volume.');
    return file;
  }
}

function changed(content: Uint8Array, { position, bytes }: Change): Uint8Array {
  return bytes === undefined ? content.slice(0, position) : withBytes(content, position, bytes);
}

function withBytes(content: Uint8Array, position: number, bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(Math.max(content.length, position + bytes.length));
  longer.set(content);
  longer.set(bytes, position);
  return longer;
}
