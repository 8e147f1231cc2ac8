import { join, posix } from 'node:path';
import { displayName } from '../../engine/core/byteString.ts';
import type { RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import { hostId } from '../../engine/platform/hostId.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { FolderEngineParts } from '../../engine/run/folderEngine.ts';
import { OwnedFolder } from '../../engine/run/owned/ownedFolder.ts';
import type { OnAcknowledged } from '../../engine/run/reports.ts';
import type { Call } from '../command.ts';
import type { Server } from '../session/server.ts';
import { stateFolderOf } from '../workspace/findPlace.ts';

export interface FolderOptions {
  readonly call: Call;
  readonly server: Server;
  /** The folder's real path. */
  readonly folder: AbsolutePath;
  /** The folder again, or the one file of it that is backed up by itself. */
  readonly identity: AbsolutePath;
  /** What a new workspace is to be called; the folder's name when undefined. */
  readonly name: string | undefined;
  /** An existing workspace that the folder joins, when it belongs to none. */
  readonly join?: FolderEngineParts['join'];
  readonly rules: RuleOptions;
  readonly onAcknowledged?: OnAcknowledged;
}

/** The engine of one folder in this process, which must own it. Brings restores to an end that were cut off. */
export async function openOwnedFolder(options: FolderOptions): Promise<OwnedFolder> {
  const { call, server, folder, identity, name, join: joined, rules, onAcknowledged } = options;
  const { home, hostName, clock, log, files } = call.surroundings;
  const state = stateFolderOf(identity, { home, session: server.session });
  const owned = await OwnedFolder.open({
    files,
    root: folder,
    folder: displayName(folder),
    host: hostName,
    hostId: await hostId(),
    identity,
    rules,
    state: await openStateFolder(state),
    outbox: await openStateFolder(join(state, 'outbox')),
    restores: await openStateFolder(join(state, 'restores')),
    repository: server.repositoryOnce,
    patient: server.repository,
    context: await server.formatContext(),
    device: server.session.device,
    name: name ?? nameOfFolder(identity),
    join: joined,
    clock,
    log,
    windows: process.platform === 'win32',
    signal: call.signal,
    ...(onAcknowledged === undefined ? {} : { onAcknowledged }),
  });
  const { undone, finished } = owned.recovered;
  if (undone > 0) call.output.note('A restore that had been cut off was taken back: nothing of it had been put in place yet.');
  if (finished > 0) call.output.note('A restore that had been cut off was finished; npx --no holdfast undo takes it back.');
  return owned;
}

/** The last name of the path; of a root, which has none, something that says so. */
export function nameOfFolder(folder: AbsolutePath): string {
  return displayName(posix.basename(folder)) || 'root';
}
