import { deviceNameBytesMax, workspaceNameBytesMax } from '../limits.ts';
import {
  parseDeviceId,
  parseLaneId,
  parseOriginId,
  parseSnapshotId,
  parseWorkspaceId,
  type DeviceId,
  type LaneId,
  type OriginId,
  type SnapshotId,
  type WorkspaceId,
} from '../ids.ts';
import { list, natural, parseFields, shownText } from './fields.ts';
import { parseWorkspaceName } from './names.ts';

/** What one account can have; a longer answer is not believed. */
const workspacesMax = 65_536;
const lanesMax = 65_536;

/** GET /workspaces */
export interface WorkspacesAnswer {
  readonly workspaces: readonly WorkspaceMessage[];
}

export interface WorkspaceMessage {
  readonly id: WorkspaceId;
  readonly name: string;
  /** Server time, ms. */
  readonly createdAt: number;
  /** Newest complete snapshot over all lanes. */
  readonly latest: LatestMessage | null;
}

export interface LatestMessage {
  readonly snapshot: SnapshotId;
  readonly seq: number;
  readonly receivedAt: number;
}

/** PUT /workspaces/:workspace; answers 204. */
export interface CreateWorkspaceRequest {
  readonly name: string;
}

/** GET /workspaces/:workspace/lanes and GET /origins/:origin/lanes */
export interface LanesAnswer {
  readonly lanes: readonly LaneMessage[];
}

export interface LaneMessage {
  readonly id: LaneId;
  readonly workspace: WorkspaceId;
  readonly device: DeviceId;
  readonly deviceName: string;
  readonly origin: OriginId;
  readonly head: LaneHeadMessage | null;
}

export interface LaneHeadMessage {
  readonly n: number;
  readonly id: SnapshotId;
}

/** PUT /workspaces/:workspace/lanes/:lane; answers 204. */
export interface CreateLaneRequest {
  readonly origin: OriginId;
}

export function parseWorkspacesAnswer(value: unknown): WorkspacesAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    workspaces: fields.required('workspaces', list(workspacesMax, parseWorkspace)),
  }));
}

function parseWorkspace(value: unknown, what: string): WorkspaceMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    id: fields.required('id', parseWorkspaceId),
    name: fields.required('name', shownText(workspaceNameBytesMax)),
    createdAt: fields.required('createdAt', natural),
    latest: fields.optional('latest', parseLatest) ?? null,
  }));
}

function parseLatest(value: unknown, what: string): LatestMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    snapshot: fields.required('snapshot', parseSnapshotId),
    seq: fields.required('seq', natural),
    receivedAt: fields.required('receivedAt', natural),
  }));
}

export function parseCreateWorkspaceRequest(value: unknown): CreateWorkspaceRequest {
  return parseFields(value, { what: 'the workspace', unknown: 'refuse' }, (fields) => ({
    name: fields.required('name', parseWorkspaceName),
  }));
}

export function parseLanesAnswer(value: unknown): LanesAnswer {
  return parseFields(value, { what: 'the answer', unknown: 'ignore' }, (fields) => ({
    lanes: fields.required('lanes', list(lanesMax, parseLane)),
  }));
}

function parseLane(value: unknown, what: string): LaneMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    id: fields.required('id', parseLaneId),
    workspace: fields.required('workspace', parseWorkspaceId),
    device: fields.required('device', parseDeviceId),
    deviceName: fields.required('deviceName', shownText(deviceNameBytesMax)),
    origin: fields.required('origin', parseOriginId),
    head: fields.optional('head', parseLaneHead) ?? null,
  }));
}

export function parseLaneHead(value: unknown, what: string): LaneHeadMessage {
  return parseFields(value, { what, unknown: 'ignore' }, (fields) => ({
    n: fields.required('n', natural),
    id: fields.required('id', parseSnapshotId),
  }));
}

export function parseCreateLaneRequest(value: unknown): CreateLaneRequest {
  return parseFields(value, { what: 'the lane', unknown: 'refuse' }, (fields) => ({
    origin: fields.required('origin', parseOriginId),
  }));
}
