import type { IncomingHttpHeaders } from 'node:http';
import { request as requestHttp } from 'node:http';
import { systemClock } from '../../engine/platform/clock.ts';
import { silentLog } from '../../engine/platform/log.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import type { Clock, Log } from '../../engine/ports/primitives.ts';
import { connectAccount } from '../../engine/store/accountClient.ts';
import { connectRepository, type RemoteRepository } from '../../engine/store/httpRepository.ts';
import type { SuiteDevice } from '../../engine/testing/repositorySuite.ts';
import { createToken, tokenHashOf } from '../../server/auth/deviceToken.ts';
import { hashPassword } from '../../server/auth/password.ts';
import { PasswordCheck } from '../../server/auth/passwordCheck.ts';
import type { ServerCore } from '../../server/core/serverCore.ts';
import { openListener, type Listener } from '../../server/listener.ts';
import { createApp, type AppParts } from '../../server/routes/app.ts';
import { openMemoryCore } from './memoryCore.ts';

export const { hasher, random } = createPrimitives();
export const password = 'correct horse';

/** What came back, unparsed by the client under test. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** A device that is signed in: its token and its store over HTTP. */
export interface LiveDevice extends SuiteDevice {
  readonly token: string;
  readonly repository: RemoteRepository;
}

export interface LiveOptions {
  readonly core?: ServerCore;
  readonly log?: Log;
  readonly clock?: Clock;
  readonly budget?: AppParts['budget'];
}

/** The server's HTTP side on a free port of the loopback, in this process, over any core. */
export class LiveServer {
  readonly core: ServerCore;
  readonly url: string;
  readonly #listener: Listener;
  readonly #open: { close(): void }[] = [];

  private constructor(core: ServerCore, listener: Listener) {
    this.core = core;
    this.#listener = listener;
    this.url = `http://127.0.0.1:${listener.address.port}`;
  }

  static async start(options: LiveOptions = {}): Promise<LiveServer> {
    const core = options.core ?? openMemoryCore();
    const log = options.log ?? silentLog;
    const passwords = await PasswordCheck.open({ accounts: core.accounts, random });
    const parts = { core, passwords, hasher, random, clock: options.clock ?? systemClock, log };
    const app = createApp(options.budget === undefined ? parts : { ...parts, budget: options.budget });
    const address = { host: '127.0.0.1', port: 0 };
    const listener = await openListener({ address, tls: undefined, instance: core.instance, app, clock: systemClock, log });
    return new LiveServer(core, listener);
  }

  async addUser(name: string): Promise<void> {
    await this.core.accounts.create({ name, passwordHash: await hashPassword(password, random) });
  }

  /** Signs in, through the routes. */
  async signIn(name: string, deviceName: string): Promise<LiveDevice> {
    const client = connectAccount({ url: this.url, trust: { kind: 'system' }, token: undefined });
    try {
      const { token, device } = await client.login({ name, password, device: deviceName }, this);
      return { token, device: device.id, deviceName, repository: this.repository(token) };
    } finally {
      client.close();
    }
  }

  /** As after signing in, without the work of a password. */
  async device(name: string, deviceName: string): Promise<LiveDevice> {
    const { accounts } = this.core;
    const account = (await accounts.findByName(name)) ?? (await accounts.create({ name, passwordHash: 'none' }));
    const token = createToken(random);
    const { id } = await accounts.createDevice({ account: account.id, name: deviceName, tokenHash: tokenHashOf(token)! });
    return { token, device: id, deviceName, repository: this.repository(token) };
  }

  repository(token: string): RemoteRepository {
    const repository = connectRepository({ url: this.url, trust: { kind: 'system' }, token });
    this.#open.push(repository);
    return repository;
  }

  readonly signal = new AbortController().signal;

  /** A request as no client of ours would send it. */
  raw({ method = 'GET', path, token, headers = {}, body }: RawRequest): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const length: Record<string, string> = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = requestHttp(this.url + path, { method, agent: false, headers: { ...length, ...authorization, ...headers } });
      request.on('error', reject);
      request.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(pieces).toString() });
        });
      });
      request.end(body);
    });
  }

  async close(): Promise<void> {
    for (const one of this.#open) one.close();
    await this.#listener.close();
    await this.core.close();
  }
}
