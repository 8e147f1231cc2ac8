import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { RunningProgram, type Ended, type Installation } from './program.ts';
import type { TestServer } from './testServer.ts';

export interface TestClientOptions {
  /** Its HOLDFAST_HOME. */
  readonly home: string;
  readonly workingDirectory: string;
  readonly uid?: number;
  readonly installation?: Installation;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunOptions {
  readonly input?: string;
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

// A document as its test expects it; what it lacks fails where it is used.
export type Json = Readonly<Record<string, any>>;

/** One installed command line: a HOLDFAST_HOME of its own, and so a device of its own. */
export class TestClient {
  readonly home: string;
  readonly workingDirectory: string;
  readonly #options: TestClientOptions;

  constructor(options: TestClientOptions) {
    this.home = options.home;
    this.workingDirectory = options.workingDirectory;
    this.#options = options;
  }

  start(words: readonly string[], { input = '', workingDirectory = this.workingDirectory, environment = {} }: RunOptions = {}): RunningProgram {
    return new RunningProgram({
      program: 'holdfast',
      words,
      ...this.#options,
      workingDirectory,
      environment: { ...this.#options.environment, ...environment, HOLDFAST_HOME: this.home },
      input,
    });
  }

  async run(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.start(words, options).ended;
  }

  /** Runs with `--json`, checks the exit code, and answers the one document. */
  async json(words: readonly string[], { code = 0, ...options }: RunOptions & { readonly code?: number } = {}): Promise<Json> {
    const ended = await this.run([...words, '--json'], options);
    const shown = `holdfast ${words.join(' ')}\n${ended.stdout.toString()}\n${ended.stderr}`;
    assert.equal(ended.code, code, shown);
    const lines = ended.stdout.toString().trimEnd().split('\n');
    assert.equal(lines.length, 1, shown);
    return JSON.parse(lines[0]!) as Json;
  }

  async login(server: TestServer, name: string, password: string): Promise<Json> {
    await mkdir(this.home, { recursive: true });
    const words = ['login', server.url, '--user', name, '--password-stdin', '--fingerprint', server.fingerprint];
    return await this.json(words, { input: `${password}\n` });
  }
}
