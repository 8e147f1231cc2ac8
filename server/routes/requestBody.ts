import type { IncomingMessage } from 'node:http';
import { decodeUtf8 } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import { jsonBodyBytesMax } from '../../protocol/limits.ts';
import { mediaTypes } from '../../protocol/messages/headers.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { RequestMemory } from './requestMemory.ts';
import { keepPace, type Pace } from './pace.ts';
import { readMultipart, type Part, type PartRule } from './multipart.ts';

/** What parsed JSON takes in memory beside its text, and ids as text beside their bytes. */
const parsedFactor = 4;
/** What multipart puts around its parts. */
const multipartBytesMax = 16 * 1024;

export interface RequestBodyParts {
  readonly request: IncomingMessage;
  readonly memory: RequestMemory;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The body of one request, read at most once, whole and bounded: nothing is read before its length is known, allowed
 * and has its place in memory; one that comes too slowly is given up.
 * Errors: `invalid`, `limit` when too long, `unavailable` when too slow or the server is busy.
 */
export class RequestBody {
  readonly #parts: RequestBodyParts;

  constructor(parts: RequestBodyParts) {
    this.#parts = parts;
  }

  async json<T>(parse: (value: unknown) => T, { bytesMax = jsonBodyBytesMax }: { readonly bytesMax?: number } = {}): Promise<T> {
    const bytes = await this.#receive({ mediaType: mediaTypes.json, bytesMax, factor: parsedFactor }, collect);
    let value: unknown;
    try {
      value = JSON.parse(decodeUtf8(bytes));
    } catch (cause) {
      throw new BackupError('invalid', 'The body is not JSON.', {}, { cause });
    }
    return parse(value);
  }

  async bytes(bytesMax: number): Promise<Uint8Array> {
    return await this.#receive({ mediaType: mediaTypes.bytes, bytesMax, factor: parsedFactor }, collect);
  }

  async multipart(rules: readonly PartRule[]): Promise<ReadonlyMap<string, Part>> {
    const bytesMax = rules.reduce((sum, rule) => sum + rule.bytesMax, multipartBytesMax);
    return await this.#receive({ mediaType: mediaTypes.multipart, bytesMax, factor: 1 }, (receiving) => readMultipart(receiving, rules));
  }

  async #receive<T>(
    { mediaType, bytesMax, factor }: { readonly mediaType: string; readonly bytesMax: number; readonly factor: number },
    read: (receiving: Receiving) => Promise<T>,
  ): Promise<T> {
    const { request, memory, clock, signal } = this.#parts;
    checkMediaType(request, mediaType);
    const bytes = lengthOf(request);
    if (bytes > bytesMax) throw new BackupError('limit', `The body is longer than ${bytesMax} bytes.`, { bytes, bytesMax });
    await memory.reserve(bytes * factor);
    let came = 0;
    const count = (piece: Buffer): void => void (came += piece.length);
    const pace: Pace = { bytes, done: () => came, memory, clock, signal, error: slowBody };
    return await keepPace((within) => {
      request.on('data', count);
      return read({ request, bytes, signal: within }).finally(() => request.off('data', count));
    }, pace);
  }
}

export interface Receiving {
  readonly request: IncomingMessage;
  /** Its `content-length`. */
  readonly bytes: number;
  readonly signal: AbortSignal;
}

function slowBody(): BackupError {
  return new BackupError('unavailable', 'The body came too slowly.', { reason: 'slow' });
}

function checkMediaType({ headers }: IncomingMessage, mediaType: string): void {
  const given = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (given !== mediaType) throw new BackupError('invalid', `A body of type ${mediaType} was expected.`, { reason: 'media-type' });
  if (headers['content-encoding'] !== undefined) {
    throw new BackupError('invalid', 'A body must not be compressed.', { reason: 'media-type' });
  }
}

function lengthOf({ headers }: IncomingMessage): number {
  const bytes = Number(headers['content-length'] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new BackupError('invalid', 'A content-length is required.', { reason: 'length-required' });
  return bytes;
}

/** The whole body. Not by `for await`, which would end the connection and with it the answer. */
async function collect({ request, bytes, signal }: Receiving): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  await new Promise<void>((resolve, reject) => {
    const take = (piece: Buffer): void => {
      at += piece.copy(buffer, at);
    };
    const settle = (end: () => void): void => {
      request.off('data', take).off('end', finish).off('error', fail);
      signal.removeEventListener('abort', abort);
      end();
    };
    const finish = (): void => settle(resolve);
    const fail = (cause: Error): void => settle(() => reject(new BackupError('cancelled', 'The client went away.', {}, { cause })));
    const abort = (): void => settle(() => reject(signal.reason));
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    return request.on('end', finish).on('error', fail).on('data', take);
  });
  return at === bytes ? buffer : buffer.subarray(0, at);
}
