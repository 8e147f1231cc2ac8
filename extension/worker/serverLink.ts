import { join } from 'node:path';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import { folderKey } from '../../engine/platform/statePaths.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { KeyStore } from '../../engine/ports/keyStore.ts';
import type { Repository } from '../../engine/ports/repository.ts';
import { openKeys, type OpenedKeys } from '../../engine/run/openKeys.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { connectRepository, type RemoteRepository } from '../../engine/store/httpRepository.ts';
import { withRetry } from '../../engine/store/retryRepository.ts';
import type { Session } from '../../engine/core/session/session.ts';
import type { WorkerParts } from './workerParts.ts';

/** Where keys are pinned, under the home; the command line's are the same. */
export const keysFolder = 'keys';

/** The server that the person is signed in to. */
export class ServerLink {
  readonly session: Session;
  /** Tries again by itself when the server is away for a moment. */
  readonly patient: Repository & KeyStore;
  /** Fails at once when the server is away. */
  readonly repository: Repository & KeyStore;
  readonly #remote: RemoteRepository;
  readonly #parts: WorkerParts;
  readonly #closing = new AbortController();
  #keys: Promise<OpenedKeys> | undefined;
  #reader: Promise<ObjectReader> | undefined;

  constructor(session: Session, parts: WorkerParts & { readonly proxy: string | undefined }) {
    const { url, trust, token } = session;
    this.session = session;
    this.#parts = parts;
    this.#remote = connectRepository({ url, trust, token, proxy: parts.proxy });
    this.repository = this.#remote;
    this.patient = withRetry(this.#remote, { clock: parts.clock, random: parts.primitives.random });
  }

  /** Aborts when another session takes its place. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** What sealed things are read and made with. Errors: `denied`, `unavailable`. */
  async formatContext(): Promise<FormatContext> {
    this.#keys ??= this.#openKeys();
    try {
      return { ...this.#parts.primitives, keys: (await this.#keys).keys };
    } catch (error) {
      this.#keys = undefined;
      throw error;
    }
  }

  /** One for all who browse, so that what one has fetched the next one finds. */
  async reader(): Promise<ObjectReader> {
    const make = async (): Promise<ObjectReader> => new ObjectReader({ repository: this.patient, context: await this.formatContext(), signal: this.signal });
    this.#reader ??= make();
    try {
      return await this.#reader;
    } catch (error) {
      this.#reader = undefined;
      throw error;
    }
  }

  /** Where the state of one folder is kept. */
  stateFolderOf(folder: AbsolutePath): string {
    const { url, account } = this.session;
    return join(this.#parts.home, 'folders', folderKey({ url, account, folder }));
  }

  close(reason: Error): void {
    this.#closing.abort(reason);
    this.#remote.close();
  }

  async #openKeys(): Promise<OpenedKeys> {
    const { url, user } = this.session;
    return await openKeys({
      keyStore: this.#remote,
      state: await openStateFolder(join(this.#parts.home, keysFolder)),
      account: { url, name: user },
      primitives: this.#parts.primitives,
      signal: this.signal,
    });
  }
}
