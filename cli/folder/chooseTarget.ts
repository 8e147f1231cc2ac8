import { posix } from 'node:path';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { byteStringOfText, displayName } from '../../engine/core/byteString.ts';
import type { RuleOptions } from '../../engine/core/ignore/directoryRules.ts';
import type { AbsolutePath, FileStat } from '../../engine/ports/files.ts';
import type { WorkspaceInfo } from '../../engine/ports/repository.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import type { Call } from '../command.ts';
import type { Server } from '../session/server.ts';
import { findPlace, findRemembered, type Place } from '../workspace/findPlace.ts';
import { followedPath } from '../workspace/physicalPath.ts';

/** What a push is of. */
export interface PushTarget {
  /** The workspace's folder. */
  readonly folder: AbsolutePath;
  /** The folder, or the one file of it that is backed up by itself. */
  readonly identity: AbsolutePath;
  /** `all`, or the part of it that was named. */
  readonly dirty: Dirty;
  /** What a new workspace is to be called, where it was said. */
  readonly name: string | undefined;
  /** An existing workspace that this folder is to join, because it was named. */
  readonly join: WorkspaceInfo | undefined;
}

/**
 * A folder or file that is backed up already, or lies in a folder that is, belongs to that workspace, unless
 * `--workspace` names another. Anything else begins a workspace: a folder with all that is in it, a file alone.
 * Errors: `not-found`; `invalid` for what is neither; `conflict` when the folder belongs to another workspace than named.
 */
export async function chooseTarget(server: Server, { call, path }: { readonly call: Call; readonly path: string }): Promise<PushTarget> {
  const physical = await followedPath(path);
  const { kind } = await statOf(physical, { call, path });
  if (kind !== 'directory' && kind !== 'file') throw new BackupError('invalid', `${shown(path)} is neither a folder nor a file.`);
  const place = await findWhileAway(server, { call, physical });
  const named = await findNamed(server, call);
  if (place !== undefined && (named === undefined || belongs(place, { named, physical }))) {
    const whole = place.identity === physical;
    return { folder: place.folder, identity: place.identity, dirty: whole ? 'all' : new Set([place.path]), name: undefined, join: undefined };
  }
  const folder = kind === 'directory' ? physical : (posix.dirname(physical) as AbsolutePath);
  return { folder, identity: physical, dirty: 'all', name: named?.name, join: named?.info };
}

/** The rules for a target: of a file that is backed up by itself, they keep nothing else of its folder. */
export function rulesOfTarget({ folder, identity }: Pick<PushTarget, 'folder' | 'identity'>, rules: RuleOptions): RuleOptions {
  if (folder === identity) return rules;
  const name = Buffer.from(posix.basename(identity), 'latin1').toString('utf8');
  return { ...rules, excludes: [...rules.excludes, '/*', `!/${name.replace(/[\\*?[\]!# ]/g, '\\$&')}`] };
}

interface Named {
  readonly name: string;
  /** Undefined when there is none of that name yet, or the server cannot be asked. */
  readonly info: WorkspaceInfo | undefined;
}

/** Whether the place is of the named workspace. A folder that is one's own cannot begin or join another. */
function belongs(place: Place, { named, physical }: { readonly named: Named; readonly physical: AbsolutePath }): boolean {
  if (place.workspace === named.info?.id) return true;
  if (place.identity !== physical) return false;
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
  { call, physical }: { readonly call: Call; readonly physical: AbsolutePath },
): Promise<Place | undefined> {
  try {
    return await findPlace(server, { call, physical });
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
