import { posix } from 'node:path';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { byteStringOfText, displayName, type BytePath } from '../../engine/core/byteString.ts';
import { absolutePath } from '../../engine/platform/nativePath.ts';
import type { AbsolutePath, FileStat } from '../../engine/ports/files.ts';
import type { WorkspaceInfo } from '../../engine/ports/repository.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import type { Call } from '../command.ts';
import type { Server } from '../session/server.ts';
import { findPlace, findRemembered, type Place } from '../workspace/findPlace.ts';
import { physicalPath } from '../workspace/physicalPath.ts';

/** What a push is of. */
export interface PushTarget {
  /** The workspace's folder. */
  readonly folder: AbsolutePath;
  /** `all`, or the part of it that was named. */
  readonly dirty: Dirty;
  /** What a new workspace is to be called, where it was said. */
  readonly name: string | undefined;
  /** An existing workspace that this folder is to join, because it was named. */
  readonly join: WorkspaceInfo | undefined;
}

/**
 * A folder that is backed up already, or lies in one that is, belongs to that workspace, unless `--workspace` names
 * another; any other folder begins a workspace. A file belongs to the workspace of its folder.
 * Errors: `not-found`; `invalid` for what is neither; `conflict` when the folder belongs to another workspace than named.
 */
export async function chooseTarget(server: Server, { call, path }: { readonly call: Call; readonly path: string }): Promise<PushTarget> {
  const physical = await physicalPath(absolutePath(path));
  const stat = await statOf(physical, { call, path });
  if (stat.kind !== 'directory' && stat.kind !== 'file') {
    throw new BackupError('invalid', `${shown(path)} is neither a folder nor a file.`);
  }
  const place = await findWhileAway(server, { call, path, physical });
  const named = await findNamed(server, call);
  const own = stat.kind === 'directory' ? physical : (posix.dirname(physical) as AbsolutePath);
  if (place !== undefined && (named === undefined || belongs(place, { named, folder: own }))) {
    const dirty = place.path === '' ? 'all' : new Set([place.path]);
    return { folder: place.folder, dirty, name: undefined, join: undefined };
  }
  return {
    folder: own,
    dirty: stat.kind === 'directory' ? 'all' : new Set([posix.basename(physical) as BytePath]),
    name: named?.name,
    join: named?.info,
  };
}

interface Named {
  readonly name: string;
  /** Undefined when there is none of that name yet, or the server cannot be asked. */
  readonly info: WorkspaceInfo | undefined;
}

/** Whether the place is of the named workspace. A folder that is one's own cannot begin or join another. */
function belongs(place: Place, { named, folder }: { readonly named: Named; readonly folder: AbsolutePath }): boolean {
  if (place.workspace === named.info?.id) return true;
  if (place.folder !== folder) return false;
  throw new BackupError('conflict', `This folder belongs to another workspace than “${named.name}”, and can be of one only.`);
}

async function findNamed(server: Server, call: Call): Promise<Named | undefined> {
  const name = call.arguments.text('workspace');
  if (name === undefined) return undefined;
  try {
    const all = await server.repositoryOnce.workspaces({ signal: call.signal });
    const info = all.find(({ id }) => id === name.toLowerCase()) ?? all.find((each) => each.name === name);
    return { name: info?.name ?? name, info };
  } catch (error) {
    if (!isBackupError(error, 'unavailable')) throw error;
    return { name, info: undefined };
  }
}

/** As `findPlace`; without the server, what is remembered. */
async function findWhileAway(
  server: Server,
  { call, path, physical }: { readonly call: Call; readonly path: string; readonly physical: AbsolutePath },
): Promise<Place | undefined> {
  try {
    return await findPlace(server, { call, path });
  } catch (error) {
    if (!isBackupError(error, 'unavailable')) throw error;
    return await findRemembered(physical, { call, session: server.session });
  }
}

async function statOf(physical: AbsolutePath, { call, path }: { readonly call: Call; readonly path: string }): Promise<FileStat> {
  try {
    return await call.surroundings.files.lstat(physical);
  } catch (cause) {
    throw new BackupError('not-found', `${shown(path)} cannot be found.`, {}, { cause });
  }
}

function shown(path: string): string {
  return displayName(byteStringOfText(path));
}
