import { decodeUtf8, encodeUtf8 } from '../../../base/bytes.ts';
import { parseDeviceId, parseInstanceId, parseLaneId, parseSnapshotId, parseWorkspaceId } from '../../../protocol/ids.ts';
import type { DeviceId, InstanceId, LaneId, SnapshotId, WorkspaceId } from '../../../protocol/ids.ts';
import { typed } from '../restore/typed.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';

/** Which lane of which workspace this folder is, as this device remembers it. A cache of what the server knows. */
export interface LaneState {
  readonly workspace: WorkspaceId;
  readonly workspaceName: string;
  readonly lane: LaneId;
  readonly device: DeviceId;
  /** The server knows workspace and lane. Before, both are only meant to be. */
  readonly registered: boolean;
  /** Of the lane's first snapshot. */
  readonly parents: readonly SnapshotId[];
  /** The server's incarnation when it last acknowledged something. */
  readonly instance: InstanceId | undefined;
  /** The server went back behind this lane, or somebody else advanced it: the next push starts another one. */
  readonly lost: boolean;
  /** What the server has is in doubt: the next push asks about every object. */
  readonly doubt: boolean;
}

const fileName = 'state.json';
const version = 1;

/** Undefined when there is none or it cannot be read: then the server is asked. */
export async function readLaneState(folder: StateFolder): Promise<LaneState | undefined> {
  const bytes = await folder.read(fileName);
  if (bytes === undefined) return undefined;
  try {
    return parseLaneState(JSON.parse(decodeUtf8(bytes)) as Record<string, unknown>);
  } catch {
    // Damaged, or of another version.
    return undefined;
  }
}

export async function writeLaneState(folder: StateFolder, state: LaneState): Promise<void> {
  const bytes = encodeUtf8(`${JSON.stringify({ version, ...state })}\n`);
  await typed('The state cannot be stored on this disk', async () => await folder.replace(fileName, bytes));
}

function parseLaneState(value: Record<string, unknown>): LaneState | undefined {
  if (value.version !== version || typeof value.workspaceName !== 'string' || !Array.isArray(value.parents)) return undefined;
  return {
    workspace: parseWorkspaceId(value.workspace),
    workspaceName: value.workspaceName,
    lane: parseLaneId(value.lane),
    device: parseDeviceId(value.device),
    registered: value.registered === true,
    parents: value.parents.map((id) => parseSnapshotId(id)),
    instance: value.instance === undefined ? undefined : parseInstanceId(value.instance),
    lost: value.lost === true,
    doubt: value.doubt === true,
  };
}
