import type { ServerResponse } from 'node:http';
import { BackupError, isBackupError, messageOf } from '../../base/errors.ts';
import { mediaTypes, retryAfterHeader } from '../../protocol/messages/headers.ts';
import { problemOf } from '../../protocol/messages/problem.ts';
import type { Clock, Log } from '../../engine/ports/primitives.ts';
import { keepPace, type Pace } from './pace.ts';
import type { RouteAnswer } from './routeTypes.ts';

/** Handed to the system at once: so much of an answer counts as taken together. */
const sliceBytes = 256 * 1024;
const stackBytesMax = 4_096;

/** Sends an answer and waits until it is away, so that what it holds in memory stays accounted for. */
export async function sendAnswer(
  response: ServerResponse,
  answer: RouteAnswer,
  { memory, clock, signal }: { readonly memory: Pace['memory']; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const { status, mediaType, bytes } = encodeAnswer(answer);
  const head = mediaType === undefined ? {} : { 'content-type': mediaType, 'content-length': bytes.length };
  let taken = 0;
  const onTaken = (count: number): void => void (taken += count);
  const error = (): BackupError => new BackupError('cancelled', 'The client took its answer too slowly.');
  const pace: Pace = { bytes: bytes.length, done: () => taken, memory, clock, signal, error };
  await keepPace((within) => writeAll({ response, status, head, bytes, onTaken, signal: within }), pace);
}

function encodeAnswer(answer: RouteAnswer): { status: number; mediaType: string | undefined; bytes: Uint8Array } {
  switch (answer.kind) {
    case 'json':
      return { status: 200, mediaType: mediaTypes.json, bytes: Buffer.from(JSON.stringify(answer.value)) };
    case 'problem':
      return { status: answer.status, mediaType: mediaTypes.problem, bytes: Buffer.from(JSON.stringify(answer.value)) };
    case 'bytes':
      return { status: 200, mediaType: answer.mediaType, bytes: answer.bytes };
    case 'nothing':
      return { status: 204, mediaType: undefined, bytes: new Uint8Array() };
    default:
      return answer satisfies never;
  }
}

function writeAll(options: {
  readonly response: ServerResponse;
  readonly status: number;
  readonly head: Readonly<Record<string, string | number>>;
  readonly bytes: Uint8Array;
  readonly onTaken: (count: number) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { response, status, head, bytes, onTaken, signal } = options;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      response.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    response.once('finish', () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    response.writeHead(status, head);
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      const slice = bytes.subarray(at, at + sliceBytes);
      response.write(slice, () => onTaken(slice.length));
    }
    response.end();
  });
}

/** Sends the problem document of an error; of an unexpected one nothing but that it happened. */
export function sendError(response: ServerResponse, error: unknown, { route, log }: { readonly route: string; readonly log: Log }): void {
  const known = isBackupError(error) ? error : undefined;
  if (known === undefined) log.error('unexpected', { route, message: messageOf(error), stack: stackOf(error) });
  if (known?.code === 'cancelled' || response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const problem = known === undefined ? internalProblem : problemOf(known);
  if (known !== undefined && problem.status >= 500) {
    log.warn('failed', { route, code: known.code, message: known.message, cause: known.cause === undefined ? '' : messageOf(known.cause) });
  }
  const { retryAfterS } = problem.details;
  if (typeof retryAfterS === 'number') response.setHeader(retryAfterHeader, String(retryAfterS));
  if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer realm="holdfast"');
  const bytes = Buffer.from(JSON.stringify(problem));
  response.writeHead(problem.status, { 'content-type': mediaTypes.problem, 'content-length': bytes.length }).end(bytes);
}

const internalProblem = {
  ...problemOf(new BackupError('unavailable', 'Something went wrong on the server; its log says what.')),
  status: 500,
};

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '').slice(0, stackBytesMax) : '';
}
