import { once } from 'node:events';
import type { WriteStream } from 'node:tty';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { Progress } from '../../engine/run/reports.ts';
import type { JsonDocument } from '../command.ts';
import type { Colours } from './colours.ts';
import { ProgressMeter } from './progressMeter.ts';

const terminalIntervalMs = 100;
const linesIntervalMs = 1_000;
/** Where a terminal does not say, or says 0. */
const columnsDefault = 80;

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly clock: Pick<Clock, 'now'>;
  readonly colours: Colours;
  readonly json: boolean;
  /** Progress lines even where stderr is no terminal. */
  readonly progress: boolean;
}

export type Stream = Pick<WriteStream, 'write' | 'once' | 'off'> & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/**
 * Where everything a command says goes: results to stdout, remarks and progress to stderr, so that `--json` leaves
 * nothing but JSON on stdout.
 */
export class Output {
  readonly json: boolean;
  readonly colours: Colours;
  readonly #options: OutputOptions;
  readonly #meter = new ProgressMeter();
  #shownAt = 0;
  #shown = false;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.colours = options.colours;
    this.#options = options;
  }

  /** A result for people; nothing under `--json`. */
  line(text: string): void {
    if (this.json) return;
    this.#clearProgress();
    this.#options.stdout.write(`${text}\n`);
  }

  /** A result for programs: one line. */
  document(document: JsonDocument): void {
    this.#clearProgress();
    this.#options.stdout.write(`${JSON.stringify(document)}\n`);
  }

  /** A remark beside the result. */
  note(text: string): void {
    this.#clearProgress();
    this.#options.stderr.write(`${text}\n`);
  }

  /** Raw bytes; waits while the reader is slow. */
  async bytes(bytes: Uint8Array, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (!this.#options.stdout.write(bytes)) await once(this.#options.stdout as WriteStream, 'drain', { signal });
  }

  progress(progress: Progress): void {
    const { clock, stderr } = this.#options;
    const now = clock.now();
    const terminal = stderr.isTTY === true && !this.json;
    if (!terminal && !this.#options.progress) return;
    if (now - this.#shownAt < (terminal ? terminalIntervalMs : linesIntervalMs)) return;
    this.#shownAt = now;
    if (this.json) {
      stderr.write(`${JSON.stringify({ progress })}\n`);
      return;
    }
    const text = this.#meter.line(progress, now);
    stderr.write(terminal ? `\r\u001b[K${text.slice(0, (stderr.columns || columnsDefault) - 1)}` : `${text}\n`);
    this.#shown = terminal;
  }

  #clearProgress(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#options.stderr.write('\r\u001b[K');
  }

  /** Takes the progress line off the terminal. */
  close(): void {
    this.#clearProgress();
  }
}
