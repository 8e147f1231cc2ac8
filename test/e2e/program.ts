import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const launchers = { holdfast: 'cli/bin/holdfast.mjs', 'holdfast-server': 'server/bin/holdfast-server.mjs' } as const;

/** Where the programs are, and the Node that runs them. */
export interface Installation {
  readonly root: string;
  readonly node: string;
}

export const thisInstallation: Installation = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  node: process.execPath,
};

export interface ProgramOptions {
  readonly program: keyof typeof launchers;
  readonly words: readonly string[];
  readonly workingDirectory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Handed to it on stdin, which is then closed; nothing otherwise. */
  readonly input?: string;
  /** The system's number of the user it runs as. */
  readonly uid?: number;
  readonly installation?: Installation;
}

export interface Ended {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A built program of this project as a child process, exactly as a person would start it. */
export class RunningProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #stdout: Buffer[] = [];
  #stderr = '';
  readonly #lines: string[] = [];
  #wake: () => void = () => {};
  #over = false;

  constructor({ program, words, workingDirectory, environment = {}, input = '', uid, installation = thisInstallation }: ProgramOptions) {
    this.child = spawn(installation.node, [join(installation.root, launchers[program]), ...words], {
      cwd: workingDirectory,
      env: { PATH: process.env['PATH'], TZ: 'UTC', ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    // A program that ends without reading its input closes the pipe: its exit code says what matters.
    this.child.stdin!.on('error', () => {});
    this.child.stdin!.end(input);
    this.child.stdout!.on('data', (part: Buffer) => this.#stdout.push(part));
    this.child.stderr!.setEncoding('utf8').on('data', (part: string) => (this.#stderr += part));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.ended = this.#end();
  }

  /** The next line of its stdout. Errors: when it ends before. */
  async line(): Promise<string> {
    while (this.#lines.length === 0) {
      if (this.#over) throw new Error(`It ended without a further line; stderr: ${this.#stderr}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#lines.shift()!;
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return await this.ended;
  }

  async #end(): Promise<Ended> {
    const [code, signal] = (await once(this.child, 'close')) as [number | null, NodeJS.Signals | null];
    this.#over = true;
    this.#wake();
    return {
      code: code ?? undefined,
      signal: signal ?? undefined,
      stdout: Buffer.concat(this.#stdout),
      stderr: this.#stderr,
    };
  }
}
