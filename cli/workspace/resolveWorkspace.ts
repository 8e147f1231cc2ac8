import { BackupError } from '../../base/errors.ts';
import { displayName } from '../../engine/core/byteString.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { WorkspaceInfo } from '../../engine/ports/repository.ts';
import type { WorkspaceId } from '../../protocol/ids.ts';
import type { Call } from '../command.ts';
import type { Server } from '../session/server.ts';
import { findPlace, type Place } from './findPlace.ts';

/** The workspace that a command is about. */
export interface ResolvedWorkspace {
  readonly id: WorkspaceId;
  readonly name: string;
  /** Where the path that was given lies in its folder on this host; undefined where it does not. */
  readonly place: Place | undefined;
}

/**
 * The workspace named by `--workspace`, else the one whose folder on this host is `physical` or holds it.
 * Errors: `not-found` when there is none.
 */
export async function resolveWorkspace(
  server: Server,
  { call, physical }: { readonly call: Call; /** A place on this host. */ readonly physical: AbsolutePath },
): Promise<ResolvedWorkspace> {
  const named = call.arguments.text('workspace');
  const all = await server.repository.workspaces({ signal: call.signal });
  const chosen = named === undefined ? undefined : chooseWorkspace(all, named);
  const place = await findPlace(server, { call, physical });
  const { id, name } = chosen ?? all.find((each) => each.id === place?.workspace) ?? noWorkspace(physical);
  return { id, name, place: place?.workspace === id ? place : undefined };
}

/** By id, else by name. Errors: `not-found`. */
export function chooseWorkspace(all: readonly WorkspaceInfo[], named: string): WorkspaceInfo {
  const found = all.find(({ id }) => id === named.toLowerCase()) ?? all.find(({ name }) => name === named);
  if (found === undefined) throw new BackupError('not-found', `There is no workspace “${named}”.`);
  return found;
}

/** Errors: `not-found` where the path that was given lies in no folder of the workspace. */
export function requirePlace({ name, place }: ResolvedWorkspace): Place {
  if (place !== undefined) return place;
  throw new BackupError('not-found', `This is not in a folder of the workspace “${name}” on this machine.`);
}

function noWorkspace(physical: AbsolutePath): never {
  throw new BackupError(
    'not-found',
    `${displayName(physical)} is not backed up from this machine: go to a folder that is, or name a workspace with --workspace.`,
  );
}
