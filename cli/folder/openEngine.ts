import { join, posix } from 'node:path';
import { displayName } from '../../engine/core/byteString.ts';
import { hostId } from '../../engine/platform/hostId.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import { FolderEngine } from '../../engine/run/folderEngine.ts';
import { stateFolderOf } from '../workspace/findPlace.ts';
import type { FolderOptions } from './ownedFolder.ts';

/** The engine of one folder in this process. Only its owner may open it. */
export async function openEngine({ call, server, folder, identity, name, join: joined, rules, onAcknowledged }: FolderOptions): Promise<FolderEngine> {
  const { home, hostName, clock, log, files } = call.surroundings;
  const state = stateFolderOf(identity, { home, session: server.session });
  return await FolderEngine.open({
    files,
    root: folder,
    folder: displayName(folder),
    host: hostName,
    hostId: await hostId(),
    identity,
    rules,
    state: await openStateFolder(state),
    outbox: await openStateFolder(join(state, 'outbox')),
    repository: server.repositoryOnce,
    context: await server.formatContext(),
    device: server.session.device,
    name: name ?? nameOfFolder(identity),
    join: joined,
    clock,
    log,
    ...(onAcknowledged === undefined ? {} : { onAcknowledged }),
  });
}

/** The last name of the path; of a root, which has none, something that says so. */
export function nameOfFolder(folder: AbsolutePath): string {
  return displayName(posix.basename(folder)) || 'root';
}
