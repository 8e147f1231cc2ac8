import { BackupError } from '../../base/errors.ts';
import { objectChildrenMax } from '../../protocol/limits.ts';
import type { ObjectId } from '../../protocol/ids.ts';

/** Collects the distinct ids that a body refers to, in order of first reference; the body holds positions. */
export class ChildWriter {
  readonly #positions = new Map<ObjectId, number>();

  position(id: ObjectId): number {
    const known = this.#positions.get(id);
    if (known !== undefined) return known;
    const position = this.#positions.size;
    this.#positions.set(id, position);
    return position;
  }

  ids(): readonly ObjectId[] {
    return [...this.#positions.keys()];
  }
}

/**
 * Turns the positions of a body back into ids. Refuses every child list but the one that ChildWriter makes: unused,
 * repeated or differently ordered children would give one content several ids. Errors: `invalid`.
 */
export class ChildReader {
  readonly #children: readonly ObjectId[];
  #used = 0;

  constructor(children: readonly ObjectId[]) {
    if (children.length > objectChildrenMax) throw new BackupError('invalid', 'An object has too many children.');
    if (new Set(children).size !== children.length) throw new BackupError('invalid', 'An object names a child twice.');
    this.#children = children;
  }

  at<T extends ObjectId>(position: number): T {
    const id = this.#children[position];
    if (id === undefined || position > this.#used) {
      throw new BackupError('invalid', 'A child is out of the order of first reference.');
    }
    if (position === this.#used) this.#used += 1;
    return id as T;
  }

  finish(): void {
    if (this.#used !== this.#children.length) throw new BackupError('invalid', 'An object has unused children.');
  }
}
