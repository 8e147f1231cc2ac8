import { displayName } from '../../engine/core/byteString.ts';
import type { TreeEntry } from '../../engine/core/tree/treeTypes.ts';
import { historyOfPath, type HistoryEntry } from '../../engine/run/history/historyOfPath.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import type { Call, Command, JsonDocument, Outcome } from '../command.ts';
import { entryDocument, pathFields } from '../output/entries.ts';
import { shortId } from '../output/ids.ts';
import { formatTable } from '../output/table.ts';
import { formatBytes, formatTime } from '../output/units.ts';
import { withServer, type Server } from '../session/server.ts';
import { parseTypedPath } from '../typedPath.ts';
import { typedPhysicalPath } from '../workspace/physicalPath.ts';
import { resolveWorkspace } from '../workspace/resolveWorkspace.ts';

export const history: Command = {
  name: 'history',
  summary: 'Lists every version of one file or folder, newest first',
  operands: [{ name: 'PATH', required: true, help: 'On this machine; with --workspace elsewhere, from its root' }],
  flags: { limit: { kind: 'count', value: 'N', help: 'At most so many' } },
  run: async (call) => await withServer(call, async (server) => await runHistory(call, server)),
};

async function runHistory(call: Call, server: Server): Promise<Outcome> {
  const typed = call.arguments.operand(0)!;
  const { id, name, place } = await resolveWorkspace(server, { call, physical: await typedPhysicalPath(typed) });
  const path = place?.path ?? parseTypedPath(typed);
  const limit = call.arguments.count('limit') ?? Number.POSITIVE_INFINITY;
  const context = await server.formatContext();
  const { repository } = server;
  const reader = new ObjectReader({ repository, context, signal: call.signal });
  const versions: HistoryEntry[] = [];
  for await (const entry of historyOfPath(path, { scope: { repository, workspace: id, signal: call.signal }, reader, context })) {
    if (versions.push(entry) >= limit) break;
  }
  return {
    document: { workspace: { id, name }, ...pathFields(path), versions: versions.map(documentOf) },
    text: versions.length === 0 ? `${displayName(path)} is in no snapshot of ${name}.` : tableOf(versions),
  };
}

function documentOf({ snapshot, path, kind, from, after }: HistoryEntry): JsonDocument {
  return {
    snapshot: snapshot.id,
    seq: snapshot.seq,
    receivedAt: snapshot.receivedAt,
    time: snapshot.header.time,
    deviceName: snapshot.deviceName,
    change: kind,
    ...pathFields(path),
    from: from === undefined ? null : displayName(from),
    entry: after === undefined ? null : entryDocument(path, after),
  };
}

function tableOf(versions: readonly HistoryEntry[]): string {
  const rows = versions.map(({ snapshot, kind, path, from, after }) => [
    shortId(snapshot.id),
    formatTime(snapshot.receivedAt),
    snapshot.deviceName,
    kind,
    sizeOf(after),
    from === undefined ? displayName(path) : `${displayName(path)} (was ${displayName(from)})`,
  ]);
  return formatTable([['SNAPSHOT', 'RECEIVED', 'DEVICE', 'CHANGE', 'SIZE', 'PATH'], ...rows], ['left', 'left', 'left', 'left', 'right']);
}

function sizeOf(entry: TreeEntry | undefined): string {
  return entry?.kind === 'file' ? formatBytes(entry.size) : '';
}
