import { BackupError } from '../../base/errors.ts';
import type { FormatContext } from '../../engine/core/formatContext.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { findSnapshot, findSnapshotById, latestName, requireContent, type Snapshot, type SnapshotName } from '../../engine/run/read/snapshots.ts';
import type { Call } from '../command.ts';
import type { Server } from '../session/server.ts';
import { parseTypedSnapshot } from '../typedPath.ts';
import { followedPath } from './physicalPath.ts';
import { resolveWorkspace } from './resolveWorkspace.ts';

/** A snapshot that was named on the command line, ready to be read. */
export interface OpenedSnapshot {
  readonly snapshot: Snapshot;
  readonly name: SnapshotName;
  readonly reader: ObjectReader;
  readonly context: FormatContext;
}

/** `SNAPSHOT[:PATH]` as typed. Errors: `not-found`, `invalid`; UsageError. */
export async function openSnapshot(server: Server, { call, typed }: { readonly call: Call; readonly typed: string }): Promise<OpenedSnapshot> {
  const name = parseTypedSnapshot(typed);
  const snapshot = requireContent(await findTyped(server, { call, name }));
  const context = await server.formatContext();
  return { snapshot, name, reader: new ObjectReader({ repository: server.repository, context, signal: call.signal }), context };
}

/** An id says by itself which workspace it is of; `latest` is that of the folder, or of the named workspace. */
async function findTyped(server: Server, { call, name }: { readonly call: Call; readonly name: SnapshotName }): Promise<Snapshot> {
  const { repository } = server;
  const { signal } = call;
  if (name.snapshot !== latestName && call.arguments.text('workspace') === undefined) {
    return await findSnapshotById(name.snapshot, { repository, signal });
  }
  const { id, name: called } = await resolveWorkspace(server, { call, physical: await followedPath('.') });
  const found = await findSnapshot(name.snapshot, { repository, workspace: id, signal });
  if (found.workspace !== id) throw new BackupError('not-found', `The workspace “${called}” has no snapshot ${name.snapshot}.`);
  return found;
}
