import type { FolderStatus, Problem } from '../messages/engineCalls.ts';

/** Problems that pass by themselves, or that a person caused and knows of. */
const silent: ReadonlySet<Problem['code']> = new Set(['unavailable', 'cancelled']);

/** Which problems a person is told of: each once, until it is over. */
export class Attention {
  readonly #told = new Map<string, string>();

  /** The problem to tell of now, if any. */
  take(folder: string, status: FolderStatus | undefined): Problem | undefined {
    const problem = status?.problem;
    if (problem === undefined || silent.has(problem.code)) {
      if (status?.phase === 'idle' && problem === undefined) this.#told.delete(folder);
      return undefined;
    }
    const key = `${problem.code ?? 'bug'} ${problem.reason ?? ''}`;
    if (this.#told.get(folder) === key) return undefined;
    // Two folders fail alike when a session ends: that is one problem.
    const known = [...this.#told.values()].includes(key) && problem.code === 'denied';
    this.#told.set(folder, key);
    return known ? undefined : problem;
  }
}
