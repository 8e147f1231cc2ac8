import { stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { rootPath, type BytePath } from '../../engine/core/byteString.ts';
import { originId } from '../../engine/core/paths/pathId.ts';
import { hostId } from '../../engine/platform/hostId.ts';
import { nativePath } from '../../engine/platform/nativePath.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import { folderKey } from '../../engine/platform/statePaths.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import { readLaneState } from '../../engine/run/push/laneState.ts';
import type { Session } from '../../engine/core/session/session.ts';
import type { WorkspaceId } from '../../protocol/ids.ts';
import type { Call } from '../command.ts';
import type { Server } from '../session/server.ts';
import { foldersAbove } from './physicalPath.ts';

/** A path on this host, within a folder that is backed up. */
export interface Place {
  readonly folder: AbsolutePath;
  /** What the workspace is known by on this host: the folder, or the one file of it that is backed up by itself. */
  readonly identity: AbsolutePath;
  readonly path: BytePath;
  readonly workspace: WorkspaceId;
}

/**
 * The nearest folder at or above a physical path that is backed up from this host: as this device remembers, else as the server
 * says. Undefined when there is none.
 */
export async function findPlace(server: Server, { call, physical }: { readonly call: Call; readonly physical: AbsolutePath }): Promise<Place | undefined> {
  return (await findRemembered(physical, { call, session: server.session })) ?? (await askServer(physical, { server, call }));
}

/** Where the state of one folder, or of a file that is backed up by itself, is kept for this session. */
export function stateFolderOf(identity: AbsolutePath, { home, session }: { readonly home: string; readonly session: Session }): string {
  return join(home, 'folders', folderKey({ url: session.url, account: session.account, folder: identity }));
}

/** As `findPlace`, without asking the server. */
export async function findRemembered(
  physical: AbsolutePath,
  { call, session }: { readonly call: Call; readonly session: Session },
): Promise<Place | undefined> {
  for (const folder of foldersAbove(physical)) {
    const state = stateFolderOf(folder, { home: call.surroundings.home, session });
    if (!(await exists(state))) continue;
    const lane = await readLaneState(await openStateFolder(state));
    if (lane !== undefined) return await placeOf(physical, { identity: folder, workspace: lane.workspace });
  }
  return undefined;
}

async function askServer(physical: AbsolutePath, { server, call }: { readonly server: Server; readonly call: Call }): Promise<Place | undefined> {
  const context = await server.formatContext();
  const host = await hostId();
  for (const folder of foldersAbove(physical)) {
    const lanes = await server.repositoryOnce.lanesOfOrigin(originId(host, folder, context), { signal: call.signal });
    const lane = lanes.find(({ head }) => head !== undefined) ?? lanes[0];
    if (lane !== undefined) return await placeOf(physical, { identity: folder, workspace: lane.workspace });
  }
  return undefined;
}

async function placeOf(physical: AbsolutePath, known: Pick<Place, 'identity' | 'workspace'>): Promise<Place> {
  const { identity } = known;
  const isFile = identity === physical && !(await isDirectory(identity));
  const folder = isFile ? (posix.dirname(identity) as AbsolutePath) : identity;
  return { ...known, folder, path: within(physical, folder) };
}

function within(path: AbsolutePath, folder: AbsolutePath): BytePath {
  return path === folder ? rootPath : (path.slice(folder.endsWith('/') ? folder.length : folder.length + 1) as BytePath);
}

async function isDirectory(path: AbsolutePath): Promise<boolean> {
  try {
    return (await stat(nativePath(path))).isDirectory();
  } catch {
    // Deleted: its last state was that of a file, or nobody can tell.
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    // Nothing is remembered of that folder.
    return false;
  }
}
