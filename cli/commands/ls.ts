import { listTree } from '../../engine/run/read/listTree.ts';
import type { Call, Command, JsonDocument, Outcome } from '../command.ts';
import { entryDocument, entryRow, pathFields } from '../output/entries.ts';
import { formatTable } from '../output/table.ts';
import { withServer, type Server } from '../session/server.ts';
import { openSnapshot } from '../workspace/openSnapshot.ts';

export const ls: Command = {
  name: 'ls',
  summary: 'Lists what a snapshot holds',
  operands: [{ name: 'SNAPSHOT[:PATH]', required: true, help: 'An id, the start of one, or latest; and a folder or file in it' }],
  flags: { recursive: { kind: 'switch', help: 'Everything beneath, too' } },
  run: async (call) => await withServer(call, async (server) => await runLs(call, server)),
};

async function runLs(call: Call, server: Server): Promise<Outcome> {
  const { snapshot, name, reader } = await openSnapshot(server, { call, typed: call.arguments.operand(0)! });
  const documents: JsonDocument[] = [];
  const rows: (readonly string[])[] = [];
  const listed = listTree(reader, { root: snapshot.header.root, path: name.path, recursive: call.arguments.has('recursive') });
  for await (const { path, entry } of listed) {
    if (call.output.json) documents.push(entryDocument(path, entry));
    else rows.push(entryRow(path, entry));
  }
  return {
    document: { snapshot: snapshot.id, ...pathFields(name.path), entries: documents },
    text: formatTable(rows, ['left', 'right']),
  };
}
