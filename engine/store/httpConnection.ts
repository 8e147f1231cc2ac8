import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { PassThrough } from 'node:stream';
import axios, { type AxiosResponse } from 'axios';
import type FormData from 'form-data';
import { decodeUtf8 } from '../../base/bytes.ts';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { instanceHeader, mediaTypes, retryAfterHeader } from '../../protocol/messages/headers.ts';
import { codeOfStatus, parseProblem } from '../../protocol/messages/problem.ts';
import { parseInstanceId, type InstanceId } from '../../protocol/ids.ts';
import { apiPrefix, routes, type RouteName } from '../../protocol/routes.ts';
import { connectionFault } from './connectionFault.ts';
import { parseProxy, TunnelAgent } from './proxyTunnel.ts';
import type { Trust } from '../core/session/session.ts';
import { parseServerUrl, tlsOptions } from './trust.ts';

export interface ConnectionOptions {
  /** `https://HOST:PORT`; `http://` on the loopback only. */
  readonly url: string;
  readonly trust: Trust;
  /** Undefined before the sign-in. */
  readonly token: string | undefined;
  /** An HTTP proxy that leads to an HTTPS server: `http://HOST:PORT`. */
  readonly proxy?: string | undefined;
  readonly limits?: ConnectionLimits;
}

export interface ConnectionLimits {
  /** Until the connection stands. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  readonly sockets: number;
}

export const connectionLimits: ConnectionLimits = { connectMs: 10_000, idleMs: 60_000, sockets: 8 };

export interface Call {
  readonly route: RouteName;
  /** The `:name`s of the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: CallBody;
  /** A longer answer is not read. */
  readonly answerBytesMax: number;
  /** Statuses from 400 on that may be an answer and no error: the caller looks, and throws `problemIn` if not. */
  readonly answers?: readonly number[];
  readonly signal: AbortSignal;
}

export type CallBody =
  | { readonly kind: 'json'; readonly value: object }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'form'; readonly form: FormData };

export interface Answer {
  readonly status: number;
  /** The header of that name. */
  readonly retryAfter: unknown;
  readonly bytes: Uint8Array;
}

/**
 * One server over HTTP(S), spoken to by one device. Knows connections, headers, bounds and errors; what the bodies mean
 * is for its callers. It does not retry. Errors: `unavailable` for everything that another try may cure.
 */
export class HttpConnection {
  readonly #url: URL;
  readonly #token: string | undefined;
  readonly #idleMs: number;
  readonly #agent: HttpAgent | HttpsAgent;
  #instance: InstanceId | undefined;

  constructor({ url, trust, token, proxy, limits = connectionLimits }: ConnectionOptions) {
    this.#url = parseServerUrl(url);
    this.#token = token;
    this.#idleMs = limits.idleMs;
    const pool = { keepAlive: true, maxSockets: limits.sockets, timeout: limits.connectMs };
    if (this.#url.protocol === 'http:') this.#agent = new HttpAgent(pool);
    else if (proxy === undefined) this.#agent = new HttpsAgent({ ...pool, ...tlsOptions(trust) });
    else this.#agent = new TunnelAgent(parseProxy(proxy), { ...pool, ...tlsOptions(trust) });
  }

  /** As of the newest answer; undefined before the first. */
  get instance(): InstanceId | undefined {
    return this.#instance;
  }

  async send(call: Call): Promise<Answer> {
    call.signal.throwIfAborted();
    const { status, headers, data } = await this.#request(call);
    const instance = instanceOf(headers[instanceHeader]);
    if (instance !== undefined) this.#instance = instance;
    const answer = { status, retryAfter: headers[retryAfterHeader] as unknown, bytes: data };
    if (status >= 400 && call.answers?.includes(status) !== true) throw problemIn(answer);
    if (status < 200 || (status >= 300 && status < 400) || instance === undefined) {
      throw new BackupError('unavailable', `${this.#url.host} answered, but not as a Holdfast server does.`, { status });
    }
    return answer;
  }

  /** Ends idle and busy connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #request(call: Call): Promise<AxiosResponse<Buffer>> {
    const { data, headers } = encodeBody(call.body);
    const secure = this.#url.protocol === 'https:';
    try {
      return await axios.request<Buffer>({
        method: routes[call.route].method,
        url: this.#addressOf(call),
        data,
        headers: {
          accept: '*/*',
          'accept-encoding': 'identity',
          'user-agent': 'holdfast',
          ...headers,
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        signal: call.signal,
        // As `transport` the timeout means silence; otherwise axios also counts it from the start of an upload.
        transport: { request: secure ? requestHttps : requestHttp },
        timeout: this.#idleMs,
        httpAgent: this.#agent,
        httpsAgent: this.#agent,
        proxy: false,
        maxRedirects: 0,
        maxBodyLength: Infinity,
        maxContentLength: call.answerBytesMax,
        responseType: 'arraybuffer',
        decompress: false,
        validateStatus: () => true,
        transformRequest: [(body: unknown) => body],
        transformResponse: [(body: unknown) => body],
      });
    } catch (error) {
      call.signal.throwIfAborted();
      throw connectionFault(error, this.#url.host);
    } finally {
      if (data instanceof PassThrough) data.destroy();
    }
  }

  #addressOf({ route, path = {}, query }: Call): string {
    const filled = routes[route].path.replace(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
    const url = new URL(apiPrefix + filled, this.#url);
    if (query !== undefined) url.search = new URLSearchParams(query).toString();
    return url.href;
  }
}

/** Headers first: form-data's length must be asked before its stream is read. */
function encodeBody(body: CallBody | undefined): { data?: Buffer | PassThrough; headers: Record<string, string> } {
  switch (body?.kind) {
    case undefined:
      return { headers: {} };
    case 'json': {
      const data = Buffer.from(JSON.stringify(body.value));
      return { data, headers: { 'content-type': mediaTypes.json, 'content-length': String(data.length) } };
    }
    case 'bytes': {
      const { buffer, byteOffset, length } = body.bytes;
      const headers = { 'content-type': mediaTypes.bytes, 'content-length': String(length) };
      return { data: Buffer.from(buffer, byteOffset, length), headers };
    }
    case 'form': {
      const headers = { ...body.form.getHeaders(), 'content-length': String(body.form.getLengthSync()) };
      // A bare FormData stream would keep the connection from being used again (axios 1.18 and later).
      return { data: body.form.pipe(new PassThrough()), headers };
    }
    default:
      return body satisfies never;
  }
}

function instanceOf(header: unknown): InstanceId | undefined {
  try {
    return parseInstanceId(header);
  } catch {
    return undefined; // some proxy's answer: the caller decides what that means
  }
}

/** The error that an answer tells of; when no Holdfast server wrote it, what its status means. */
export function problemIn({ status, retryAfter, bytes }: Answer): BackupError {
  const retryAfterS = Number(retryAfter ?? Number.NaN);
  const wait = Number.isFinite(retryAfterS) && retryAfterS >= 0 ? { retryAfterS } : {};
  try {
    const { code, message, details } = parseProblem(JSON.parse(decodeUtf8(bytes)));
    return new BackupError(code, message, { ...details, ...wait });
  } catch (error) {
    if (!isBackupError(error) && !(error instanceof SyntaxError)) throw error;
    return new BackupError(codeOfStatus(status), `The server answered with status ${status}.`, { status, ...wait });
  }
}

/** The JSON of an answer, parsed. Errors: `corrupt` when it is not what this protocol says. */
export function parseAnswer<T>(answer: Answer, parse: (value: unknown) => T): T {
  return understand(() => parse(JSON.parse(decodeUtf8(answer.bytes))));
}

/** Runs a parser over an answer: what it finds `invalid` is the server's fault, thus `corrupt`. */
export function understand<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!isBackupError(cause, 'invalid') && !(cause instanceof SyntaxError)) throw cause;
    throw new BackupError('corrupt', `The server's answer is not understood: ${cause.message}`, {}, { cause });
  }
}
