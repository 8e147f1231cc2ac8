import { parseLaneId, parseOriginId, parseWorkspaceId } from '../../protocol/ids.ts';
import {
  parseCreateLaneRequest,
  parseCreateWorkspaceRequest,
  type LanesAnswer,
  type WorkspacesAnswer,
} from '../../protocol/messages/workspaces.ts';
import type { LaneInfo } from '../../engine/ports/repository.ts';
import { json, nothing, type DeviceCall, type RouteAnswer } from './routeTypes.ts';

/** Workspaces and their lanes. */
export const workspaceRoutes = {
  async workspaces({ repository, signal }: DeviceCall): Promise<RouteAnswer> {
    const workspaces = await repository.workspaces({ signal });
    return json<WorkspacesAnswer>({
      workspaces: workspaces.map(({ id, name, createdAt, latest }) => ({ id, name, createdAt, latest: latest ?? null })),
    });
  },

  async createWorkspace({ path, body, repository, signal }: DeviceCall): Promise<RouteAnswer> {
    const id = parseWorkspaceId(path.workspace);
    const { name } = await body.json(parseCreateWorkspaceRequest);
    await repository.createWorkspace({ id, name }, { signal });
    return nothing;
  },

  async lanes({ path, repository, signal }: DeviceCall): Promise<RouteAnswer> {
    return lanesAnswer(await repository.lanes(parseWorkspaceId(path.workspace), { signal }));
  },

  async createLane({ path, body, repository, signal }: DeviceCall): Promise<RouteAnswer> {
    const workspace = parseWorkspaceId(path.workspace);
    const id = parseLaneId(path.lane);
    const { origin } = await body.json(parseCreateLaneRequest);
    await repository.createLane({ id, workspace, origin }, { signal });
    return nothing;
  },

  async lanesOfOrigin({ path, repository, signal }: DeviceCall): Promise<RouteAnswer> {
    return lanesAnswer(await repository.lanesOfOrigin(parseOriginId(path.origin), { signal }));
  },
};

function lanesAnswer(lanes: readonly LaneInfo[]): RouteAnswer {
  return json<LanesAnswer>({
    lanes: lanes.map(({ id, workspace, device, deviceName, origin, head }) => {
      return { id, workspace, device, deviceName, origin, head: head === undefined ? null : { n: head.n, id: head.id } };
    }),
  });
}
