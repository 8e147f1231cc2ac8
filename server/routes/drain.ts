import type { IncomingMessage } from 'node:http';
import { BackupError } from '../../base/errors.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import { withDeadline } from './deadline.ts';

/** More than any body that is allowed; a client that has its answer stops sending. */
const drainBytesMax = 64 * 1024 * 1024;
const drainMsMax = 10_000;

/**
 * Reads away the rest of a body that was answered before its end. Hanging up at once would make the client's system
 * throw away the answer unread; a client that just goes on is hung up on.
 */
export function drain(request: IncomingMessage, clock: Clock): void {
  if (request.destroyed) return;
  const { socket } = request;
  if (socket.destroyed) return;
  const hangUp = (): void => void socket.destroy();
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > drainBytesMax) hangUp();
  });
  request.on('error', hangUp);
  // Once it is answered, a request hears no more of its connection: without both, the timer would hold up a stop.
  const ended = new Promise<void>((resolve) => {
    const settle = (): void => {
      socket.off('close', settle);
      resolve();
    };
    request.once('close', settle);
    socket.once('close', settle);
  });
  const options = { clock, ms: drainMsMax, signal: new AbortController().signal, error: late };
  void withDeadline(async (within) => {
    within.addEventListener('abort', hangUp, { once: true });
    await ended;
  }, options);
  request.resume();
}

function late(): BackupError {
  return new BackupError('cancelled', 'The client went on sending after its answer.');
}
