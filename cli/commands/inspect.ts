import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BackupError } from '../../base/errors.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { findSnapshotById, latestName } from '../../engine/run/read/snapshots.ts';
import { objectIdBytes, parseObjectId } from '../../protocol/ids.ts';
import { packBytesMax } from '../../protocol/limits.ts';
import type { Call, Command, JsonDocument, Outcome } from '../command.ts';
import { describeBytes, describeRecord } from '../inspect/describeBytes.ts';
import { describeObject } from '../inspect/describeObject.ts';
import { renderDocument } from '../inspect/renderDocument.ts';
import { findSession } from '../session/session.ts';
import { withServer, type Server } from '../session/server.ts';
import { openSnapshot, type OpenedSnapshot } from '../workspace/openSnapshot.ts';

export const inspect: Command = {
  name: 'inspect',
  summary: 'Shows any pack, segment, tree or snapshot as text',
  operands: [{ name: 'FILE|ID', required: true, help: 'A file that holds one, the id of a snapshot or of an object, or latest' }],
  flags: {},
  notes: ['Without a sign-in, only what is in clear is shown.'],
  run: runInspect,
};

async function runInspect(call: Call): Promise<Outcome> {
  const what = call.arguments.operand(0)!;
  const file = await readSmallFile(resolve(call.surroundings.workingDirectory, what));
  const document = file === undefined ? await describeId(what.toLowerCase(), call) : await describeFile(file, call);
  return { document, text: renderDocument(document) };
}

async function describeFile(bytes: Uint8Array, call: Call): Promise<JsonDocument> {
  const { primitives, home } = call.surroundings;
  const describe = async (context: FormatContext | undefined): Promise<JsonDocument> => await describeBytes(bytes, { primitives, context });
  if ((await findSession(home)) === undefined) return await describe(undefined);
  return await withServer(call, async (server) => await describe(await server.formatContext()));
}

async function describeId(id: string, call: Call): Promise<JsonDocument> {
  if (id === latestName) return await withServer(call, async (server) => describeFound(await openSnapshot(server, { call, typed: id })));
  if (!/^[0-9a-f]{4,64}$/.test(id)) throw new BackupError('not-found', `“${id}” is neither a file nor an id.`);
  return await withServer(call, async (server) =>
    id.length === 2 * objectIdBytes ? await describeStored(id, { server, call }) : await describeSnapshot(id, { server, call }),
  );
}

interface Where {
  readonly server: Server;
  readonly call: Call;
}

async function describeSnapshot(id: string, { server, call }: Where): Promise<JsonDocument> {
  const { repository } = server;
  const snapshot = await findSnapshotById(id, { repository, signal: call.signal });
  return describeFound({ snapshot, context: await server.formatContext() });
}

function describeFound({ snapshot, context }: Pick<OpenedSnapshot, 'snapshot' | 'context'>): JsonDocument {
  const { seq, receivedAt, deviceName, record } = snapshot;
  return { seq, receivedAt, deviceName, ...describeRecord(record, context) };
}

async function describeStored(id: string, { server, call }: Where): Promise<JsonDocument> {
  const reader = new ObjectReader({ repository: server.repository, context: await server.formatContext(), signal: call.signal });
  const object = (await reader.load([parseObjectId(id)], `The object ${id}`)).get(parseObjectId(id));
  if (object === undefined) throw new BackupError('not-found', `There is no object ${id}.`);
  return describeObject(object);
}

/** Undefined when there is no such file. */
async function readSmallFile(path: string): Promise<Uint8Array | undefined> {
  const found = await stat(path).catch(() => undefined /* no such file: the word is an id */);
  if (found?.isFile() !== true) return undefined;
  if (found.size > packBytesMax) throw new BackupError('limit', 'This is larger than any pack: it is none.');
  return new Uint8Array(await readFile(path));
}
