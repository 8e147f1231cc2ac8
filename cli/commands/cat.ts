import { isUtf8 } from 'node:buffer';
import { concatBytes } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import { locateFile } from '../../engine/run/read/listTree.ts';
import type { Call, Command, JsonDocument, Outcome } from '../command.ts';
import { entryDocument } from '../output/entries.ts';
import { formatBytes } from '../output/units.ts';
import { withServer, type Server } from '../session/server.ts';
import { openSnapshot } from '../workspace/openSnapshot.ts';

/** A JSON document is built in memory; plain output is not. */
const jsonBytesMax = 32 * 1024 * 1024;

export const cat: Command = {
  name: 'cat',
  summary: 'Writes a file of a snapshot to stdout',
  operands: [{ name: 'SNAPSHOT:PATH', required: true, help: 'An id, the start of one, or latest; and a file in it' }],
  flags: {},
  notes: ['With --json the content is in `content`: text where it is UTF-8, else base64 (`encoding` says which).'],
  run: async (call) => await withServer(call, async (server) => await runCat(call, server)),
};

async function runCat(call: Call, server: Server): Promise<Outcome> {
  const { output, signal } = call;
  const { snapshot, name, reader } = await openSnapshot(server, { call, typed: call.arguments.operand(0)! });
  const file = await locateFile(reader, snapshot.header.root, name.path);
  if (output.json && file.size > jsonBytesMax) {
    throw new BackupError('limit', `A file of more than ${formatBytes(jsonBytesMax)} goes to stdout only without --json.`);
  }
  const parts: Uint8Array[] = [];
  for await (const part of reader.readFile(file)) {
    if (output.json) parts.push(part);
    else await output.bytes(part, { signal });
  }
  return { document: { snapshot: snapshot.id, ...entryDocument(name.path, file), ...contentFields(concatBytes(parts)) } };
}

function contentFields(bytes: Uint8Array): JsonDocument {
  return isUtf8(bytes)
    ? { encoding: 'utf8', content: Buffer.from(bytes).toString('utf8') }
    : { encoding: 'base64', content: Buffer.from(bytes).toString('base64') };
}
