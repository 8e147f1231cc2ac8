import type { Command, JsonDocument } from '../command.ts';
import { formatTable } from '../output/table.ts';
import { formatTime } from '../output/units.ts';
import { shortId } from '../output/ids.ts';
import { withServer } from '../session/server.ts';
import type { WorkspaceInfo } from '../../engine/ports/repository.ts';

export const workspaces: Command = {
  name: 'workspaces',
  summary: 'Lists the workspaces of the account',
  operands: [],
  flags: {},
  run: async (call) =>
    await withServer(call, async ({ repository }) => {
      const found = await repository.workspaces({ signal: call.signal });
      return {
        document: { workspaces: found.map(documentOf) },
        text: found.length === 0 ? 'There is no workspace yet: npx --no holdfast push DIR makes one.' : tableOf(found),
      };
    }),
};

function documentOf({ id, name, createdAt, latest }: WorkspaceInfo): JsonDocument {
  return { id, name, createdAt, latest: latest === undefined ? null : { ...latest } };
}

function tableOf(found: readonly WorkspaceInfo[]): string {
  const rows = found.map(({ id, name, latest }) => [
    name,
    id,
    latest === undefined ? 'nothing yet' : `${shortId(latest.snapshot)}  ${formatTime(latest.receivedAt)}`,
  ]);
  return formatTable([['NAME', 'ID', 'LATEST'], ...rows]);
}
