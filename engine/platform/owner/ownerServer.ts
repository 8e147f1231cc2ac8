import type { Server, Socket } from 'node:net';
import { BackupError } from '../../../base/errors.ts';
import { handshakeMsMax, isNonce, isProof, newNonce, prove } from './handshake.ts';
import { type Message, readMessages, sendMessage } from './jsonLines.ts';
import { encodeError } from './wireError.ts';

export interface OwnerRequest {
  readonly method: string;
  readonly params: unknown;
  /** Aborts when the asker gives up or goes away. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: unknown) => void;
}

/** Answers one request with something JSON can say. */
export type Serve = (request: OwnerRequest) => Promise<unknown>;

const connectionsMax = 64;
const requestsMax = 16;

/** Answers whoever connects and proves to know the secret. */
export class OwnerConnections {
  readonly #sockets = new Set<Socket>();
  readonly #options: ServeOptions;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  readonly take = (socket: Socket): void => {
    if (this.#sockets.size >= connectionsMax) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serveConnection(socket, this.#options);
  };

  /** Ends the server and every connection. */
  async close(server: Server): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

export interface ServeOptions {
  readonly secret: Uint8Array;
  readonly serve: Serve;
}

function serveConnection(socket: Socket, { secret, serve }: ServeOptions): void {
  const ownerNonce = newNonce();
  const running = new Map<number, AbortController>();
  let trusted = false;
  const late = setTimeout(() => socket.destroy(), handshakeMsMax);
  socket.on('close', () => {
    clearTimeout(late);
    for (const controller of running.values()) controller.abort(new BackupError('cancelled', 'The one who asked went away.'));
  });
  readMessages(socket, (message) => {
    if (trusted) takeRequest(socket, { message, running, serve });
    else {
      const { nonce, proof } = message;
      const isClient = isNonce(nonce) && isProof(proof, { secret, side: 'client', ownerNonce, clientNonce: nonce });
      if (isClient) {
        trusted = true;
        clearTimeout(late);
        sendMessage(socket, { proof: prove({ secret, side: 'owner', ownerNonce, clientNonce: nonce }) });
      } else {
        sendMessage(socket, { refused: true });
        socket.destroySoon();
      }
    }
  });
  sendMessage(socket, { nonce: ownerNonce });
}

interface Incoming {
  readonly message: Message;
  readonly running: Map<number, AbortController>;
  readonly serve: Serve;
}

function takeRequest(socket: Socket, { message, running, serve }: Incoming): void {
  const { id, method, params, cancel } = message;
  if (typeof id !== 'number') {
    socket.destroy();
    return;
  }
  if (cancel === true) {
    running.get(id)?.abort(new BackupError('cancelled', 'The one who asked gave up.'));
    return;
  }
  if (typeof method !== 'string' || running.has(id)) {
    socket.destroy();
    return;
  }
  if (running.size >= requestsMax) {
    sendMessage(socket, { id, error: encodeError(new BackupError('limit', 'Too many requests at once.')) });
    return;
  }
  const controller = new AbortController();
  running.set(id, controller);
  void answer(socket, { id, serve, request: { method, params, signal: controller.signal, onProgress: (progress) => sendMessage(socket, { id, progress }) } })
    .finally(() => running.delete(id));
}

async function answer(
  socket: Socket,
  { id, serve, request }: { readonly id: number; readonly serve: Serve; readonly request: OwnerRequest },
): Promise<void> {
  try {
    sendMessage(socket, { id, result: (await serve(request)) ?? null });
  } catch (error) {
    sendMessage(socket, { id, error: encodeError(error) });
  }
}
