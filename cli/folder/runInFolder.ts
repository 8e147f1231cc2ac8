import { join } from 'node:path';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { ownerKey } from '../../engine/platform/owner/ownerAddress.ts';
import type { OwnerClient } from '../../engine/platform/owner/ownerClient.ts';
import { folderSecret, ownFolder } from '../../engine/platform/ownFolder.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import { encodeFolderRequest, parseFolderRequest, shortened, type FolderAnswer, type FolderRequest } from '../../engine/run/owned/folderRequest.ts';
import type { OwnedFolder } from '../../engine/run/owned/ownedFolder.ts';
import type { Progress } from '../../engine/run/reports.ts';
import { stateFolderOf } from '../workspace/findPlace.ts';
import { openOwnedFolder, type FolderOptions } from './ownedFolder.ts';

const secretName = 'owner.secret';
/** How often an owner that goes away while it is asked is replaced by asking again. */
const attemptsMax = 5;

/** Does what is asked: in this process when the folder is free, else in the one that owns it. */
export async function runInFolder(options: FolderOptions, request: FolderRequest): Promise<FolderAnswer> {
  const { signal, output } = options.call;
  const onProgress = output.progress.bind(output);
  for (let attempt = 1; ; attempt++) {
    try {
      return await withFolder(options, {
        own: async (folder) => await folder.perform(request, { signal, onProgress }),
        ask: async (owner) =>
          // Both ends are this program, and they know each other by a secret.
          (await owner.request(request.kind, encodeFolderRequest(request), { signal, onProgress: (each) => onProgress(each as Progress) })) as FolderAnswer,
      });
    } catch (error) {
      if (!(error instanceof OwnerGone) || attempt === attemptsMax) throw error;
    }
  }
}

/** Runs `own` with the folder while this process owns it, or `ask` with a connection to the process that does. */
export async function withFolder<T>(
  options: FolderOptions,
  work: { readonly own: (folder: OwnedFolder) => Promise<T>; readonly ask: (owner: OwnerClient) => Promise<T> },
): Promise<T> {
  const { call, server, identity } = options;
  const { home } = call.surroundings;
  const state = stateFolderOf(identity, { home, session: server.session });
  await openStateFolder(state);
  const opened = Promise.withResolvers<OwnedFolder>();
  opened.promise.catch(() => undefined /* whoever asked meanwhile is told */);
  const owner = await ownFolder({
    key: ownerKey({ stateFolder: state, folder: identity }),
    secret: await folderSecret(join(state, secretName)),
    serve: async ({ params, signal, onProgress }) => shortened(await (await opened.promise).perform(parseFolderRequest(params), { signal, onProgress })),
    signal: call.signal,
  });
  try {
    if (owner.kind === 'client') return await asking(async () => await work.ask(owner));
    const owned = await openOwnedFolder(options);
    opened.resolve(owned);
    const result = await work.own(owned);
    await owned.idle();
    return result;
  } finally {
    opened.reject(new BackupError('unavailable', 'The process that owned this folder ended.'));
    await owner.close();
  }
}

/** The owner went away before it answered: whoever asks next may own the folder. */
class OwnerGone extends BackupError {}

async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isBackupError(error, 'unavailable')) throw new OwnerGone(error.code, error.message, error.details, { cause: error });
    throw error;
  }
}
