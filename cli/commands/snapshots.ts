import { printable } from '../../base/printable.ts';
import { findSnapshot, listSnapshots, type Snapshot } from '../../engine/run/read/snapshots.ts';
import type { SnapshotDetails } from '../../engine/core/snapshot/snapshotTypes.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { shortId } from '../output/ids.ts';
import { detailsOf, snapshotDocument } from '../output/snapshots.ts';
import { formatTable } from '../output/table.ts';
import { formatCount, formatTime } from '../output/units.ts';
import { parseTypedSnapshot } from '../typedPath.ts';
import { withServer, type Server } from '../session/server.ts';
import { followedPath } from '../workspace/physicalPath.ts';
import { resolveWorkspace } from '../workspace/resolveWorkspace.ts';

const limitDefault = 50;

export const snapshots: Command = {
  name: 'snapshots',
  summary: 'Lists the snapshots of a workspace, newest first',
  operands: [{ name: 'DIR', required: false, help: 'Its folder on this machine (default: where you are)' }],
  flags: {
    limit: { kind: 'count', value: 'N', help: `At most so many (default: ${limitDefault})` },
    before: { kind: 'text', value: 'SNAPSHOT', help: 'Only those older than this one' },
  },
  run: async (call) => await withServer(call, async (server) => await runSnapshots(call, server)),
};

async function runSnapshots(call: Call, server: Server): Promise<Outcome> {
  const { id, name } = await resolveWorkspace(server, { call, physical: await followedPath(call.arguments.operand(0) ?? '.') });
  const scope = { repository: server.repository, workspace: id, signal: call.signal };
  const limit = call.arguments.count('limit') ?? limitDefault;
  const named = call.arguments.text('before');
  const before = named === undefined ? undefined : (await findSnapshot(parseTypedSnapshot(named).snapshot, scope)).seq;
  const found: Snapshot[] = [];
  const pageSize = Math.min(limit, 500);
  for await (const snapshot of listSnapshots(scope, { pageSize, ...(before === undefined ? {} : { before }) })) {
    if (found.push(snapshot) === limit) break;
  }
  const context = await server.formatContext();
  const opened = found.map((snapshot) => ({ snapshot, details: detailsOf(snapshot, context) }));
  return {
    document: {
      workspace: { id, name },
      snapshots: opened.map(({ snapshot, details }) => snapshotDocument(snapshot, details)),
    },
    text: opened.length === 0 ? `${name} has no snapshot${named === undefined ? ' yet' : ' before that one'}.` : tableOf(opened),
  };
}

function tableOf(opened: readonly { readonly snapshot: Snapshot; readonly details: SnapshotDetails | undefined }[]): string {
  const rows = opened.map(({ snapshot, details }) => [
    shortId(snapshot.id),
    formatTime(snapshot.receivedAt),
    snapshot.deviceName,
    snapshot.header.partial ? 'unfinished' : snapshot.header.trigger,
    details === undefined ? 'thinned out' : changesOf(details),
    printable(details?.message ?? ''),
  ]);
  return formatTable([['SNAPSHOT', 'RECEIVED', 'DEVICE', 'WHY', 'CHANGES', 'MESSAGE'], ...rows]);
}

function changesOf({ counts, warningsTotal }: SnapshotDetails): string {
  const { filesNew, filesChanged, filesDeleted } = counts;
  const counted = [
    { sign: '+', count: filesNew },
    { sign: '~', count: filesChanged },
    { sign: '-', count: filesDeleted },
  ];
  const changes = counted.filter(({ count }) => count > 0).map(({ sign, count }) => `${sign}${count}`);
  const warnings = warningsTotal > 0 ? [formatCount(warningsTotal, 'warning')] : [];
  return [changes.join(' '), ...warnings].filter((part) => part !== '').join(', ');
}
