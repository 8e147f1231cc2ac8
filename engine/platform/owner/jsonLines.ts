import type { Socket } from 'node:net';
import { BackupError } from '../../../base/errors.ts';

/** One message; reports of a push with all its warnings stay far below. */
export const messageBytesMax = 4 * 1024 * 1024;
const lineFeed = 10;

export type Message = Readonly<Record<string, unknown>>;

/** Sends one message as a line of JSON. Does nothing on a socket that is closed. */
export function sendMessage(socket: Socket, message: Message): void {
  if (socket.destroyed) return;
  const line = `${JSON.stringify(message)}\n`;
  if (Buffer.byteLength(line) > messageBytesMax) throw new BackupError('limit', 'A message to another Holdfast process is too long.');
  socket.write(line);
}

/** Calls `onMessage` for every line. What is no JSON object, or too long, destroys the socket. */
export function readMessages(socket: Socket, onMessage: (message: Message) => void): void {
  let parts: Buffer[] = [];
  let length = 0;
  socket.on('data', (data: Buffer) => {
    let rest = data;
    for (let end = rest.indexOf(lineFeed); end >= 0 && !socket.destroyed; end = rest.indexOf(lineFeed)) {
      parts.push(rest.subarray(0, end));
      const message = parseMessage(Buffer.concat(parts));
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
      if (message === undefined) socket.destroy();
      else onMessage(message);
    }
    if (rest.length === 0) return;
    parts.push(rest);
    length += rest.length;
    if (length > messageBytesMax) socket.destroy();
  });
}

function parseMessage(line: Buffer): Message | undefined {
  if (line.length > messageBytesMax) return undefined;
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
  } catch {
    return undefined; // Not JSON: not one of us.
  }
}
