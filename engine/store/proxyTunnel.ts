import { request, type ClientRequest } from 'node:http';
import { Agent, type AgentOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { BackupError, messageOf, systemCodeOf } from '../../base/errors.ts';

const tunnelMsMax = 10_000;

/** An HTTP proxy, as `http://[NAME:PASSWORD@]HOST:PORT`. Errors: `invalid`. */
export function parseProxy(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || url.hostname === '' || url.pathname !== '/') {
    throw new BackupError('invalid', 'Not the address of an HTTP proxy: http://HOST:PORT was expected.');
  }
  return url;
}

/** A TCP connection to `target` (HOST:PORT) through the proxy, of which the proxy sees nothing but that. Errors: `unavailable`. */
export function openTunnel(proxy: URL, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const asked = connectRequest(proxy, target);
    const fail = (why: string, details = {}): void => {
      asked.destroy();
      reject(new BackupError('unavailable', `The proxy ${proxy.host} does not lead to ${target}: ${why}`, details));
    };
    asked.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        fail(`it answered with status ${statusCode}.`, { status: statusCode });
        return;
      }
      socket.setTimeout(0);
      resolve(socket);
    });
    asked.once('response', ({ statusCode = 0 }) => fail(`it answered with status ${statusCode}.`, { status: statusCode }));
    asked.once('timeout', () => fail('it did not answer in time.'));
    asked.once('error', (error) => fail(messageOf(error), { system: systemCodeOf(error) ?? '' }));
    asked.end();
  });
}

/** Connections to one HTTPS server, each in a tunnel of its own. TLS is between the two ends, as without a proxy. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: ConnectionOptions, callback?: (error: Error | null, stream: Duplex) => void): Duplex | null | undefined {
    const { host = '', port = 443 } = options;
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    openTunnel(this.#proxy, target).then(
      (socket) => callback?.(null, connectTls({ ...options, socket, servername: options.servername ?? (isIP(host) === 0 ? host : '') })),
      // The stream is not looked at when there is an error.
      (error: unknown) => callback?.(error as Error, undefined as never),
    );
    return undefined;
  }
}

function connectRequest(proxy: URL, target: string): ClientRequest {
  const { username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = { host: target, ...(username === '' ? {} : { 'proxy-authorization': `Basic ${credentials}` }) };
  const { hostname, port } = proxy;
  return request({ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : port, method: 'CONNECT', path: target, headers, agent: false, timeout: tunnelMsMax });
}
