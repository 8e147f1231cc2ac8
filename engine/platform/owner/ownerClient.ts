import { connect, type Socket } from 'node:net';
import { BackupError } from '../../../base/errors.ts';
import { handshakeMsMax, isNonce, isProof, newNonce, prove } from './handshake.ts';
import { type Message, readMessages, sendMessage } from './jsonLines.ts';
import { decodeError } from './wireError.ts';

export interface OwnerCall {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: unknown) => void;
}

/** A connection to the process that owns a folder. */
export interface OwnerClient {
  readonly kind: 'client';
  /** Errors: those of the owner; `unavailable` when it goes away before it answers. */
  request(method: string, params: unknown, call: OwnerCall): Promise<unknown>;
  close(): Promise<void>;
}

/** Connects and makes sure that the other side knows the secret. Answers undefined when nobody listens. */
export async function connectOwner(address: string, secret: Uint8Array): Promise<OwnerClient | undefined> {
  const socket = await openSocket(address);
  if (socket === undefined) return undefined;
  try {
    return (await shakeHands(socket, secret)) ? new Client(socket) : undefined;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function openSocket(address: string): Promise<Socket | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => resolve(socket));
    // Nobody there, or just going: whoever asks tries again to become the owner.
    socket.on('error', () => resolve(undefined));
  });
}

/** Answers whether it came to an end; false when the owner went away meanwhile. Errors: `denied`, `unavailable`. */
async function shakeHands(socket: Socket, secret: Uint8Array): Promise<boolean> {
  const clientNonce = newNonce();
  let ownerNonce: string | undefined;
  return await new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(late);
      socket.removeAllListeners('data');
      socket.off('close', left);
      settle();
    };
    const late = setTimeout(
      () => end(() => reject(new BackupError('unavailable', 'Another Holdfast process owns this folder and does not answer.'))),
      handshakeMsMax,
    );
    const left = (): void => end(() => resolve(false));
    socket.on('close', left);
    readMessages(socket, ({ nonce, proof }) => {
      if (ownerNonce === undefined && isNonce(nonce)) {
        ownerNonce = nonce;
        sendMessage(socket, { nonce: clientNonce, proof: prove({ secret, side: 'client', ownerNonce, clientNonce }) });
        return;
      }
      const isOwner = ownerNonce !== undefined && isProof(proof, { secret, side: 'owner', ownerNonce, clientNonce });
      const denied = new BackupError('denied', 'Another program answers in place of the owner of this folder.');
      end(() => (isOwner ? resolve(true) : reject(denied)));
    });
  });
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  readonly onProgress: ((progress: unknown) => void) | undefined;
}

class Client implements OwnerClient {
  readonly kind = 'client';
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  constructor(socket: Socket) {
    this.#socket = socket;
    readMessages(socket, (message) => this.#take(message));
    socket.on('close', () => this.#fail());
  }

  async request(method: string, params: unknown, { signal, onProgress }: OwnerCall): Promise<unknown> {
    signal.throwIfAborted();
    if (this.#socket.destroyed) throw gone();
    const id = this.#next++;
    return await new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(id);
        sendMessage(this.#socket, { id, cancel: true });
        reject(signal.reason);
      };
      const settled = (): void => signal.removeEventListener('abort', abort);
      this.#waiting.set(id, {
        resolve: (result) => (settled(), resolve(result)),
        reject: (error) => (settled(), reject(error)),
        onProgress,
      });
      signal.addEventListener('abort', abort, { once: true });
      sendMessage(this.#socket, { id, method, params: params ?? null });
    });
  }

  async close(): Promise<void> {
    this.#socket.destroy();
  }

  #take({ id, progress, result, error }: Message): void {
    const waiting = typeof id === 'number' ? this.#waiting.get(id) : undefined;
    if (waiting === undefined) return;
    if (progress !== undefined) {
      waiting.onProgress?.(progress);
      return;
    }
    this.#waiting.delete(id as number);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(decodeError(error));
  }

  #fail(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(gone());
    this.#waiting.clear();
  }
}

function gone(): BackupError {
  return new BackupError('unavailable', 'The process that owned this folder went away.');
}
