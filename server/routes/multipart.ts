import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy, { type FileInfo } from 'busboy';
import { BackupError, messageOf } from '../../base/errors.ts';
import type { Receiving } from './requestBody.ts';

/** A part that a body may hold. Parts come in the order of their rules, each at most once. */
export interface PartRule {
  readonly name: string;
  readonly bytesMax: number;
  readonly required: boolean;
}

export interface Part {
  readonly bytes: Uint8Array;
  readonly filename: string;
  /** Lower-case hex, taken while it came in. */
  readonly sha256: string;
}

/** Reads a `multipart/form-data` body. Errors: `invalid` for anything but the parts allowed, `limit` for a long one. */
export async function readMultipart(receiving: Receiving, rules: readonly PartRule[]): Promise<ReadonlyMap<string, Part>> {
  const { request, signal } = receiving;
  const parser = openParser(request, rules);
  const parts = new Map<string, Part>();
  await new Promise<void>((resolve, reject) => {
    const settle = (end: () => void): void => {
      signal.removeEventListener('abort', abort);
      request.unpipe(parser);
      end();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const abort = (): void => fail(signal.reason);
    const malformed = (cause: unknown): void =>
      fail(new BackupError('invalid', `The multipart body is malformed: ${messageOf(cause)}.`, {}, { cause }));
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    let next = 0;
    parser.on('file', (name, stream, info) => {
      stream.on('error', malformed); // even after the end: unheard, it would end the process
      const at = rules.findIndex((rule, index) => index >= next && rule.name === name);
      const skipped = rules.slice(next, at === -1 ? undefined : at).find(({ required }) => required);
      if (at === -1 || skipped !== undefined) {
        stream.resume();
        return fail(unexpectedPart(name));
      }
      next = at + 1;
      return collectPart({ stream, info, rule: rules[at]!, bodyBytes: receiving.bytes }, (part) => {
        if (part instanceof BackupError) fail(part);
        else parts.set(name, part);
      });
    });
    parser.on('field', (name) => fail(unexpectedPart(name)));
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
      parser.on(limit, () => fail(new BackupError('invalid', 'The body holds more parts than allowed.')));
    }
    parser.on('error', malformed);
    parser.on('close', () => settle(resolve));
    request.on('error', malformed);
    return request.pipe(parser);
  });
  for (const { name, required } of rules) {
    if (required && !parts.has(name)) throw new BackupError('invalid', `The body lacks its part \`${name}\`.`);
  }
  return parts;
}

function openParser({ headers }: IncomingMessage, rules: readonly PartRule[]): busboy.Busboy {
  const fileSize = Math.max(...rules.map(({ bytesMax }) => bytesMax)) + 1;
  try {
    return busboy({ headers, limits: { parts: rules.length + 1, files: rules.length, fields: 0, fieldNameSize: 64, headerPairs: 8, fileSize } });
  } catch (cause) {
    throw new BackupError('invalid', `The multipart body is malformed: ${messageOf(cause)}.`, { reason: 'media-type' }, { cause });
  }
}

function unexpectedPart(name: string | undefined): BackupError {
  return new BackupError('invalid', 'A part is unknown, repeated, out of order, or has no file name.', { part: (name ?? '').slice(0, 64) });
}

interface Incoming {
  readonly stream: Readable & { readonly truncated?: boolean };
  readonly info: FileInfo;
  readonly rule: PartRule;
  readonly bodyBytes: number;
}

/** Into one buffer of the size it can have at most, which the body's length bounds: no second copy of a pack. */
function collectPart({ stream, info, rule, bodyBytes }: Incoming, done: (part: Part | BackupError) => void): void {
  const buffer = Buffer.allocUnsafe(Math.min(rule.bytesMax, bodyBytes));
  const hash = createHash('sha256');
  let at = 0;
  let tooLong = false;
  stream.on('data', (piece: Buffer) => {
    if (tooLong) return;
    if (at + piece.length > buffer.length) {
      tooLong = true;
      return done(new BackupError('limit', `The part \`${rule.name}\` is longer than ${rule.bytesMax} bytes.`, { bytesMax: rule.bytesMax }));
    }
    hash.update(piece);
    at += piece.copy(buffer, at);
  });
  stream.on('end', () => {
    if (tooLong || stream.truncated === true) return;
    done({ bytes: buffer.subarray(0, at), filename: info.filename ?? '', sha256: hash.digest('hex') });
  });
}
