import { BackupError } from '../../base/errors.ts';
import { byteStringOfText, displayName, rootPath, type BytePath } from '../../engine/core/byteString.ts';
import { originId } from '../../engine/core/paths/pathId.ts';
import { hostId } from '../../engine/platform/hostId.ts';
import { absolutePath } from '../../engine/platform/nativePath.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { WorkspaceInfo } from '../../engine/ports/repository.ts';
import type { WorkspaceId } from '../../protocol/ids.ts';
import type { Call } from '../command.ts';
import type { Server } from '../session/server.ts';
import { foldersAbove, physicalPath } from './physicalPath.ts';

/** The workspace that a command is about. */
export interface ResolvedWorkspace {
  readonly id: WorkspaceId;
  readonly name: string;
  /** Its folder on this host, where the path that was given lies in one, and that path within it. */
  readonly place: Place | undefined;
}

export interface Place {
  readonly folder: AbsolutePath;
  readonly path: BytePath;
}

export interface WorkspaceQuestion {
  readonly call: Call;
  /** A path on this host, as typed. */
  readonly path: string;
}

/**
 * The workspace named by `--workspace`, else the one whose folder on this host is `path` or holds it.
 * Errors: `not-found` when there is none.
 */
export async function resolveWorkspace(server: Server, { call, path }: WorkspaceQuestion): Promise<ResolvedWorkspace> {
  const named = call.arguments.text('workspace');
  const all = await server.repository.workspaces({ signal: call.signal });
  const chosen = named === undefined ? undefined : chooseWorkspace(all, named);
  const found = await findPlace(server, { call, path });
  const { id, name } = chosen ?? all.find((each) => each.id === found?.workspace) ?? noWorkspace(path);
  return { id, name, place: found?.workspace === id ? found.place : undefined };
}

/** By id, else by name. Errors: `not-found`. */
export function chooseWorkspace(all: readonly WorkspaceInfo[], named: string): WorkspaceInfo {
  const found = all.find(({ id }) => id === named.toLowerCase()) ?? all.find(({ name }) => name === named);
  if (found === undefined) throw new BackupError('not-found', `There is no workspace “${named}”.`);
  return found;
}

/** Its folder on this host. Errors: `not-found` where the path that was given lies in none. */
export function requirePlace({ name, place }: ResolvedWorkspace): Place {
  if (place !== undefined) return place;
  throw new BackupError('not-found', `This is not in a folder of the workspace “${name}” on this machine.`);
}

/** The nearest folder at or above `path` that a lane of the account backs up from this host. */
async function findPlace(
  server: Server,
  { call, path }: WorkspaceQuestion,
): Promise<{ readonly place: Place; readonly workspace: WorkspaceId } | undefined> {
  const context = await server.formatContext();
  const host = await hostId();
  const physical = await physicalPath(absolutePath(path));
  for (const folder of foldersAbove(physical)) {
    const lanes = await server.repository.lanesOfOrigin(originId(host, folder, context), { signal: call.signal });
    const lane = lanes.find(({ head }) => head !== undefined) ?? lanes[0];
    if (lane !== undefined) return { workspace: lane.workspace, place: { folder, path: within(physical, folder) } };
  }
  return undefined;
}

function within(path: AbsolutePath, folder: AbsolutePath): BytePath {
  return path === folder ? rootPath : (path.slice(folder.endsWith('/') ? folder.length : folder.length + 1) as BytePath);
}

function noWorkspace(path: string): never {
  throw new BackupError(
    'not-found',
    `${displayName(byteStringOfText(path))} is in no folder that is backed up from this machine: go to such a folder, or name a workspace with --workspace.`,
  );
}
