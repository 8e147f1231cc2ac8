/** Lets what bears the same key happen one after another, in order of arrival. */
export class KeyedTurns {
  readonly #last = new Map<string, Promise<void>>();

  /** Keys that something is under way or waits for. */
  get size(): number {
    return this.#last.size;
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = Promise.withResolvers<void>();
    this.#last.set(key, turn.promise);
    try {
      await before;
      return await work();
    } finally {
      if (this.#last.get(key) === turn.promise) this.#last.delete(key);
      turn.resolve();
    }
  }
}
