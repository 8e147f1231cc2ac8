import { join } from 'node:path';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { displayName } from '../../engine/core/byteString.ts';
import type { RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import { hostId } from '../../engine/platform/hostId.ts';
import { ownerKey } from '../../engine/platform/owner/ownerAddress.ts';
import type { OwnerClient } from '../../engine/platform/owner/ownerClient.ts';
import { folderSecret, ownFolder, type Owner } from '../../engine/platform/ownFolder.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import { encodeFolderRequest, parseFolderRequest, shortened, type FolderAnswer, type FolderRequest } from '../../engine/run/owned/folderRequest.ts';
import { OwnedFolder, type PerformOptions } from '../../engine/run/owned/ownedFolder.ts';
import type { OnAcknowledged, Progress } from '../../engine/run/reports.ts';
import type { ServerLink } from './serverLink.ts';
import type { WorkerParts } from './workerParts.ts';

const secretName = 'owner.secret';
/** How often an owner that goes away while it is asked is replaced by asking again. */
const attemptsMax = 5;

export interface FolderOwnershipOptions {
  readonly parts: WorkerParts;
  readonly link: ServerLink;
  /** The folder's real path. */
  readonly folder: AbsolutePath;
  readonly name: string;
  readonly rules: RuleOptions;
  readonly onAcknowledged: OnAcknowledged;
  readonly onOpened: (owned: OwnedFolder) => void;
}

/**
 * One folder, owned by this process as soon as nobody else does. Until then what is asked goes to the process that owns
 * it: another window, or the command line.
 */
export class FolderOwnership {
  readonly #options: FolderOwnershipOptions;
  readonly #closing = new AbortController();
  #owner: Owner | undefined;
  #owned: OwnedFolder | undefined;
  #holding: Promise<OwnedFolder | OwnerClient> | undefined;

  constructor(options: FolderOwnershipOptions) {
    this.#options = options;
  }

  /** Undefined while another process owns the folder. */
  get owned(): OwnedFolder | undefined {
    return this.#owned;
  }

  /** This process's own folder; undefined when another owns it. */
  async own(): Promise<OwnedFolder | undefined> {
    const held = await this.#hold();
    if (held instanceof OwnedFolder) return held;
    await held.close();
    return undefined;
  }

  async perform(request: FolderRequest, { signal, onProgress }: PerformOptions): Promise<FolderAnswer> {
    const options = { signal: AbortSignal.any([signal, this.#closing.signal]), onProgress };
    for (let attempt = 1; ; attempt++) {
      const held = await this.#hold();
      if (held instanceof OwnedFolder) return await held.perform(request, options);
      try {
        return await ask(held, request, options);
      } catch (error) {
        options.signal.throwIfAborted();
        if (!isBackupError(error, 'unavailable') || attempt === attemptsMax) throw error;
      } finally {
        await held.close();
      }
    }
  }

  async close(reason: BackupError): Promise<void> {
    this.#closing.abort(reason);
    const held = await this.#holding?.catch(() => undefined /* whoever asked was told */);
    if (held !== undefined && !(held instanceof OwnedFolder)) await held.close();
    await this.#owned?.idle();
    await this.#owner?.close();
    this.#owner = undefined;
    this.#owned = undefined;
  }

  /** This process's own folder, or a connection to the owner that the caller closes. */
  async #hold(): Promise<OwnedFolder | OwnerClient> {
    this.#closing.signal.throwIfAborted();
    if (this.#owned !== undefined) return this.#owned;
    // One after the other, or this process would ask itself.
    const before = this.#holding;
    const holding = (async () => {
      await before?.catch(() => undefined /* whoever asked was told */);
      return this.#owned ?? (await this.#claim());
    })();
    this.#holding = holding;
    return await holding;
  }

  async #claim(): Promise<OwnedFolder | OwnerClient> {
    const { link, folder } = this.#options;
    const stateFolder = link.stateFolderOf(folder);
    await openStateFolder(stateFolder);
    const opened = Promise.withResolvers<OwnedFolder>();
    opened.promise.catch(() => undefined /* whoever asked meanwhile is told */);
    const owner = await ownFolder({
      key: ownerKey({ stateFolder, folder }),
      secret: await folderSecret(join(stateFolder, secretName)),
      serve: async ({ params, signal, onProgress }) => shortened(await (await opened.promise).perform(parseFolderRequest(params), { signal, onProgress })),
      signal: this.#closing.signal,
    });
    if (owner.kind === 'client') return owner;
    try {
      const owned = await this.#open(stateFolder);
      this.#owner = owner;
      this.#owned = owned;
      opened.resolve(owned);
      this.#options.onOpened(owned);
      return owned;
    } catch (error) {
      opened.reject(new BackupError('unavailable', 'The process that owned this folder gave it up.'));
      await owner.close();
      throw error;
    }
  }

  async #open(stateFolder: string): Promise<OwnedFolder> {
    const { parts, link, folder, name, rules, onAcknowledged } = this.#options;
    const { files, clock, log, windows, hostName } = parts;
    return await OwnedFolder.open({
      files,
      root: folder,
      folder: displayName(folder),
      host: hostName,
      hostId: await hostId(),
      rules,
      state: await openStateFolder(stateFolder),
      outbox: await openStateFolder(join(stateFolder, 'outbox')),
      restores: await openStateFolder(join(stateFolder, 'restores')),
      repository: link.repository,
      patient: link.patient,
      context: await link.formatContext(),
      device: link.session.device,
      name,
      clock,
      log,
      windows,
      signal: this.#closing.signal,
      onAcknowledged,
    });
  }
}

async function ask(owner: OwnerClient, request: FolderRequest, { signal, onProgress }: PerformOptions): Promise<FolderAnswer> {
  const params = encodeFolderRequest(request);
  // Both ends are this program, and they know each other by a secret.
  return (await owner.request(request.kind, params, { signal, onProgress: (progress) => onProgress(progress as Progress) })) as FolderAnswer;
}
