import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { BackupError, systemCodeOf } from '../base/errors.ts';
import { instanceHeader, mediaTypes } from '../protocol/messages/headers.ts';
import { problemOf } from '../protocol/messages/problem.ts';
import type { Clock, Log } from '../engine/ports/primitives.ts';
import { formatAddress, type ListenAddress } from './listenAddress.ts';

/** Longer than the minute for which balancers and clients keep a connection. */
const keepAliveMs = 75_000;
const headersMsMax = 20_000;
/** The routes watch over bodies themselves; this is the last resort. */
const requestMsMax = 3_600_000;
const silenceMsMax = 120_000;
const headerBytesMax = 16 * 1024;
const connectionsMax = 4_096;
const stopMsMax = 10_000;

export interface ListenerOptions {
  readonly address: ListenAddress;
  /** Undefined: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly instance: string;
  readonly app: RequestListener;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Listener {
  /** With the port that the system chose, when 0 was asked for. */
  readonly address: ListenAddress;
  /** Takes no more requests, waits for those under way as long as is reasonable, hangs up. Idempotent. */
  close(): Promise<void>;
}

/** Errors: `unavailable` when the address cannot be had. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { address, tls, instance, app, clock, log } = options;
  const limits = { maxHeaderSize: headerBytesMax, headersTimeout: headersMsMax, requestTimeout: requestMsMax, keepAliveTimeout: keepAliveMs };
  const server: Server =
    tls === undefined ? createHttpServer(limits, app) : createHttpsServer({ ...limits, ...tls, handshakeTimeout: headersMsMax, minVersion: 'TLSv1.2' }, app);
  server.maxConnections = connectionsMax;
  server.setTimeout(silenceMsMax);
  server.on('clientError', (error, socket) => refuse(socket, { error, instance }));
  server.on('tlsClientError', (error) => log.debug('tls-failed', { message: error.message }));
  await listen(server, address);
  server.on('error', (error) => log.error('listener', { message: error.message }));
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    address: { host: address.host, port },
    close: () => (closing ??= closeGently(server, { clock, log })),
  };
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const why = systemCodeOf(cause) === 'EADDRINUSE' ? 'something else listens there' : cause.message;
      reject(new BackupError('unavailable', `Cannot listen on ${formatAddress(address)}: ${why}.`, { system: systemCodeOf(cause) ?? '' }, { cause }));
    });
    server.listen({ host: address.host, port: address.port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** Answers what Node could not parse as HTTP, in the same form as everything else. */
function refuse(socket: Duplex, { error, instance }: { readonly error: Error; readonly instance: string }): void {
  if (systemCodeOf(error) === 'ECONNRESET' || !socket.writable || (socket as Socket).bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const slow = systemCodeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT';
  const problem = slow
    ? problemOf(new BackupError('unavailable', 'The request came too slowly.', { reason: 'slow' }))
    : problemOf(new BackupError('invalid', 'The request is not HTTP as this server speaks it.'));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${slow ? 'Request Timeout' : 'Bad Request'}`,
    `${instanceHeader}: ${instance}`,
    `content-type: ${mediaTypes.problem}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

async function closeGently(server: Server, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const done = new AbortController();
  const hangUp = clock.sleep(stopMsMax, { signal: done.signal }).then(
    () => {
      log.warn('requests-cut-off');
      server.closeAllConnections();
    },
    () => undefined, // all requests ended in time
  );
  await closed;
  done.abort();
  await hangUp;
}
