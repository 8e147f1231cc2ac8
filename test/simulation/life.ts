import { BackupError } from '../../base/errors.ts';

/** From the start of a server process to its crash. Whatever it does passes through `step`, and may be the last. */
export class Life {
  /** Rejects when the process dies; then nothing it began is ever heard of again. */
  readonly death: Promise<never>;
  #die!: (error: BackupError) => void;
  #dead = false;
  #stepsLeft: number;

  constructor(stepsLeft: number) {
    this.#stepsLeft = stepsLeft;
    this.death = new Promise((_, reject) => (this.#die = reject));
    this.death.catch(() => undefined); // Nobody may be waiting when it dies.
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Lets it live for so many more steps. */
  crashAfter(steps: number): void {
    this.#stepsLeft = steps;
  }

  crash(): void {
    this.#dead = true;
    this.#die(new BackupError('unavailable', 'The server crashed.'));
  }

  /** A point at which the process may die: then it never resolves. */
  async step(): Promise<void> {
    if (!this.#dead && --this.#stepsLeft < 0) this.crash();
    if (this.#dead) await new Promise<never>(() => undefined);
  }

  /** Runs something that the process does to the world, with a chance to die before and after it. */
  async act<T>(effect: () => Promise<T>): Promise<T> {
    await this.step();
    try {
      return await effect();
    } finally {
      await this.step();
    }
  }
}
