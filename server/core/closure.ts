import { assert } from '../../base/errors.ts';
import type { ObjectId } from '../../protocol/ids.ts';

/** Missing ids named in one answer. */
export const missingAnsweredMax = 4_096;
/** Objects looked for in one turn at least: a first push of 100,000 files takes several, and others have theirs between. */
const turnFindsMin = 16_384;
/** Objects looked for while something is known to be missing: then the answer is due, and a walk holds up all others. */
export const findsMax = 65_536;

/** What the walk sees of stored objects, within one transaction. */
export interface ClosureView {
  /** Undefined when it is not stored. A chunk is always closed. */
  find(id: ObjectId): { readonly closed: boolean } | undefined;
  /** The child list that was declared for a stored tree or list. */
  children(id: ObjectId): readonly ObjectId[];
  close(id: ObjectId): void;
}

/**
 * Answers what is missing at and under `root`, some of it when much is; when nothing, `root` is stored and closed.
 * `unfinished`: nothing is known to be missing, and some more of it is closed than before; asked again it goes on.
 */
export type Closure = (root: ObjectId, view: ClosureView) => readonly ObjectId[] | 'unfinished';

interface Frame {
  readonly id: ObjectId;
  readonly children: readonly ObjectId[];
  next: number;
  complete: boolean;
}

/**
 * Walks from the root through every tree that is not closed, whoever uploaded it and whenever, depth first, and
 * closes each one after all its children are found stored and closed. What is complete stays closed even when
 * something else is missing, so that the next walk begins further down. Child lists that lead back to themselves, which
 * no honest ids can, are lies: such a tree counts as missing, so that who has the true one sends it.
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
  const missing = new Set<ObjectId>();
  const seen = new Map<ObjectId, 'open' | 'incomplete'>();
  const stack: Frame[] = [];
  let finds = 0;
  let closed = 0;

  /** Whether `id` is complete as far as is known now; an unclosed tree is put on the stack to find out. */
  function visit(id: ObjectId): 'complete' | 'incomplete' | 'walking' {
    const before = seen.get(id);
    if (before === 'open') missing.add(id);
    if (before !== undefined) return 'incomplete';
    finds += 1;
    const object = view.find(id);
    if (object?.closed === true) return 'complete';
    if (object === undefined) {
      missing.add(id);
      seen.set(id, 'incomplete');
      return 'incomplete';
    }
    seen.set(id, 'open');
    stack.push({ id, children: view.children(id), next: 0, complete: true });
    return 'walking';
  }

  visit(root);
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (missing.size >= missingAnsweredMax || (missing.size > 0 && finds >= findsMax)) break;
    if (missing.size === 0 && closed > 0 && finds >= findsMin) return 'unfinished';
    const child = frame.children[frame.next];
    if (child !== undefined) {
      frame.next += 1;
      if (visit(child) === 'incomplete') frame.complete = false;
      continue;
    }
    stack.pop();
    if (frame.complete) {
      view.close(frame.id);
      closed += 1;
      seen.delete(frame.id);
    } else {
      seen.set(frame.id, 'incomplete');
      const parent = stack.at(-1);
      if (parent !== undefined) parent.complete = false;
    }
  }
  return [...missing];
}
