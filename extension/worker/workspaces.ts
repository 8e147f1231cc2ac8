import { stat } from 'node:fs/promises';
import { isBackupError } from '../../base/errors.ts';
import { originId } from '../../engine/core/paths/pathId.ts';
import { hostId } from '../../engine/platform/hostId.ts';
import { absolutePath, realAbsolutePath } from '../../engine/platform/nativePath.ts';
import { openStateFolder } from '../../engine/platform/stateFolder.ts';
import { readLaneState } from '../../engine/run/push/laneState.ts';
import type { WorkspaceId } from '../../protocol/ids.ts';
import type { WorkspaceSummary } from '../messages/engineCalls.ts';
import type { ServerLink } from './serverLink.ts';

/** The workspace of a folder on this machine: as this machine remembers, else as the server says. */
export async function workspaceOf(folder: string, { link, signal }: { readonly link: ServerLink; readonly signal: AbortSignal }): Promise<WorkspaceSummary | undefined> {
  const root = await realAbsolutePath(absolutePath(folder));
  const stateFolder = link.stateFolderOf(root);
  const remembered = (await exists(stateFolder)) ? await readLaneState(await openStateFolder(stateFolder)) : undefined;
  if (remembered !== undefined) return { id: remembered.workspace, name: remembered.workspaceName };
  const origin = originId(await hostId(), root, await link.formatContext());
  const lanes = await link.patient.lanesOfOrigin(origin, { signal });
  const lane = lanes.find(({ head }) => head !== undefined) ?? lanes[0];
  return lane === undefined ? undefined : { id: lane.workspace, name: await nameOf(lane.workspace, { link, signal }) };
}

async function nameOf(workspace: WorkspaceId, { link, signal }: { readonly link: ServerLink; readonly signal: AbortSignal }): Promise<string> {
  try {
    return (await link.patient.workspaces({ signal })).find(({ id }) => id === workspace)?.name ?? '';
  } catch (error) {
    if (!isBackupError(error)) throw error;
    return ''; // A name is for people only.
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false; // Nothing is remembered of that folder.
  }
}
