import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { RunningProgram, type Ended } from './program.ts';

export interface TestServerOptions {
  readonly data: string;
  /** A free one when left out. */
  readonly port?: number;
  /** The address it listens on; the loopback when left out. */
  readonly host?: string;
}

/** A real `holdfast-server` on its own data folder and port. */
export class TestServer {
  readonly data: string;
  readonly port: number;
  readonly host: string;
  url = '';
  fingerprint = '';
  instance = '';
  #running: RunningProgram | undefined;

  private constructor({ data, port, host }: Required<TestServerOptions>) {
    this.data = data;
    this.port = port;
    this.host = host;
  }

  static async start({ data, port, host = '127.0.0.1' }: TestServerOptions): Promise<TestServer> {
    const server = new TestServer({ data, port: port ?? (await freePort()), host });
    await server.start();
    return server;
  }

  /** Starts it (again) on the same data and port; answers when it serves. */
  async start(): Promise<void> {
    this.#running = this.#program(['start', '--listen', `${this.host}:${this.port}`, '--json'], '');
    const said = JSON.parse(await this.#running.line()) as { url: string; fingerprint: string; instance: string };
    this.url = said.url;
    this.fingerprint = said.fingerprint;
    this.instance = said.instance;
  }

  get pid(): number {
    return this.#running!.child.pid!;
  }

  async addUser(name: string, password: string): Promise<Ended> {
    const ended = await this.administer(['user', 'add', name, '--password-stdin'], password);
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  }

  /** Any other command on its data, whether it runs or not. */
  async administer(words: readonly string[], input = ''): Promise<Ended> {
    return await this.#program(words, `${input}\n`).ended;
  }

  /** Gracefully; answers how it ended. */
  async stop(): Promise<Ended | undefined> {
    return await this.#end('SIGTERM');
  }

  async kill(): Promise<Ended | undefined> {
    return await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<Ended | undefined> {
    const running = this.#running;
    this.#running = undefined;
    return await running?.kill(signal);
  }

  #program(words: readonly string[], input: string): RunningProgram {
    return new RunningProgram({
      program: 'holdfast-server',
      words: [...words, '--data', this.data],
      workingDirectory: this.data,
      input,
    });
  }
}

/** A port that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
