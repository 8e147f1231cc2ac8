import { assert } from '../../base/errors.ts';
import type { ObjectId } from '../../protocol/ids.ts';

/** Missing ids named in one answer. */
export const missingAnsweredMax = 4_096;
/** Objects looked for in one turn at least: a first push of 100,000 files takes several, and others have theirs between. */
const turnFindsMin = 16_384;
/** Objects looked for while something is known to be missing: then the answer is due, and a walk holds up all others. */
export const findsMax = 65_536;

/** What the walk sees of stored objects, within one transaction, for one device. */
export interface ClosureView {
  /** Undefined when it is not stored. A chunk is always closed. */
  find(id: ObjectId): { readonly closed: boolean } | undefined;
  children(id: ObjectId): DeclaredChildren;
  close(id: ObjectId): void;
}

/** What copies of a stored tree or list say is beneath it. Copies of one object differ only when a device lies. */
export interface DeclaredChildren {
  readonly ids: readonly ObjectId[];
  /** Whose word it is: that of the device that asks, when it sent a copy itself; else that of all others together. */
  readonly by: 'own' | 'others';
  /** Whether `ids` holds what every copy declares, whoever sent it. */
  readonly whole: boolean;
}

/**
 * Answers what is missing at and under `root`, some of it when much is; when nothing, `root` is stored and complete.
 * `unfinished`: nothing is known to be missing, and some more of it is closed than before; asked again it goes on.
 */
export type Closure = (root: ObjectId, view: ClosureView) => readonly ObjectId[] | 'unfinished';

/**
 * Walks from the root through every tree that is not closed, whoever uploaded it and whenever, depth first, and
 * closes each one after everything that any of its copies declares is found stored and closed. What is complete stays
 * closed even when something else is missing, so that the next walk begins further down.
 *
 * A tree of which the asking device sent a copy is complete for it when what that copy declares is; when another copy
 * declares more, it is not closed: others are not bound by this device's word. Whatever is missing is named, and above
 * it every tree that is known from others only: one of them may be a lie, and who has the true one sends it. So a lie
 * can neither hide what is missing nor hold up for good who tells the truth. Child lists that lead back to themselves,
 * which no honest ids can, are lies: such a tree counts as missing.
 */
export const walkClosure: Closure = (root, view) => walkTurn(root, view, turnFindsMin);

/** As `walkClosure`, without pause. */
export function walkToEnd(root: ObjectId, view: ClosureView): readonly ObjectId[] {
  const missing = walkTurn(root, view, Infinity);
  assert(missing !== 'unfinished', 'a walk without pause comes to its end');
  return missing;
}

/** A walk that pauses after so many objects, once it has closed something. */
export function walkTurn(root: ObjectId, view: ClosureView, findsMin: number): ReturnType<Closure> {
  const walk = new Walk(view);
  walk.visit(root);
  for (let frame = walk.top; frame !== undefined; frame = walk.top) {
    const { missing, finds, closed } = walk;
    if (missing.size >= missingAnsweredMax || (missing.size > 0 && finds >= findsMax)) break;
    if (missing.size === 0 && closed > 0 && finds >= findsMin) return 'unfinished';
    const child = frame.children[frame.next];
    if (child === undefined) {
      walk.leave();
      continue;
    }
    frame.next += 1;
    const found = walk.visit(child);
    if (found === 'incomplete') frame.complete = false;
    if (found === 'complete for it') frame.closable = false;
  }
  return [...walk.missing].slice(0, missingAnsweredMax);
}

interface Frame {
  readonly id: ObjectId;
  readonly children: readonly ObjectId[];
  readonly by: DeclaredChildren['by'];
  next: number;
  complete: boolean;
  /** Whether being complete makes it closed. */
  closable: boolean;
  /** Whether it was looked at for who has the true one. */
  asked: boolean;
}

type Found = 'closed' | 'complete for it' | 'incomplete' | 'walking';

class Walk {
  readonly missing = new Set<ObjectId>();
  finds = 0;
  closed = 0;
  readonly #view: ClosureView;
  readonly #seen = new Map<ObjectId, 'open' | 'incomplete' | 'complete for it'>();
  readonly #stack: Frame[] = [];

  constructor(view: ClosureView) {
    this.#view = view;
  }

  get top(): Frame | undefined {
    return this.#stack.at(-1);
  }

  /** What is known of `id` now; an unclosed tree is put on the stack to find out. */
  visit(id: ObjectId): Found {
    const before = this.#seen.get(id);
    if (before === 'open') this.#name(id);
    if (before !== undefined) return before === 'open' ? 'incomplete' : before;
    this.finds += 1;
    const object = this.#view.find(id);
    if (object?.closed === true) return 'closed';
    if (object === undefined) {
      this.#name(id);
      this.#seen.set(id, 'incomplete');
      return 'incomplete';
    }
    this.#seen.set(id, 'open');
    const { ids, by, whole } = this.#view.children(id);
    this.#stack.push({ id, children: ids, by, next: 0, complete: true, closable: whole, asked: false });
    return 'walking';
  }

  /** Ends the topmost tree and tells the one above. */
  leave(): void {
    const frame = this.#stack.pop();
    assert(frame, 'a tree is left after it was visited');
    const parent = this.top;
    if (!frame.complete) {
      this.#seen.set(frame.id, 'incomplete');
      if (parent !== undefined) parent.complete = false;
    } else if (frame.closable) {
      this.#view.close(frame.id);
      this.closed += 1;
      this.#seen.delete(frame.id);
    } else {
      this.#seen.set(frame.id, 'complete for it');
      if (parent !== undefined) parent.closable = false;
    }
  }

  /** The topmost trees of others first: the bound of an answer must not cut them off. */
  #name(id: ObjectId): void {
    const unasked: Frame[] = [];
    for (let at = this.#stack.length - 1; at >= 0 && !this.#stack[at]!.asked; at--) unasked.push(this.#stack[at]!);
    for (const frame of unasked.reverse()) {
      frame.asked = true;
      if (frame.by === 'others') this.missing.add(frame.id);
    }
    this.missing.add(id);
  }
}
