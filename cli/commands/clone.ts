import { mkdir } from 'node:fs/promises';
import { BackupError } from '../../base/errors.ts';
import { displayName, rootPath } from '../../engine/core/byteString.ts';
import { absolutePath, nativePath, realAbsolutePath } from '../../engine/platform/nativePath.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { WorkspaceInfo } from '../../engine/ports/repository.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { findSnapshot, latestName, type Snapshot } from '../../engine/run/read/snapshots.ts';
import { restoreInto } from '../../engine/run/restore/restoreInto.ts';
import type { RestoreReport } from '../../engine/run/restore/restoreReport.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { withFolder } from '../folder/runInFolder.ts';
import { restoreOutcome } from '../output/restores.ts';
import { readRules } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';
import { findPlace } from '../workspace/findPlace.ts';
import { chooseWorkspace } from '../workspace/resolveWorkspace.ts';

export const clone: Command = {
  name: 'clone',
  summary: 'Brings a workspace to this machine and goes on backing it up from there',
  operands: [
    { name: 'WORKSPACE', required: true, help: 'Its name or id' },
    { name: 'DIR', required: true, help: 'A folder that is empty or not there yet' },
  ],
  flags: {},
  notes: ['Cut off, the same command goes on where it was.'],
  run: async (call) => await withServer(call, async (server) => await runClone(call, server)),
};

interface CloneOf {
  readonly call: Call;
  readonly server: Server;
  readonly info: WorkspaceInfo;
  readonly folder: AbsolutePath;
}

async function runClone(call: Call, server: Server): Promise<Outcome> {
  const { signal } = call;
  const info = chooseWorkspace(await server.repository.workspaces({ signal }), call.arguments.operand(0)!);
  const wanted = absolutePath(call.arguments.operand(1)!);
  await mkdir(nativePath(wanted), { recursive: true });
  const folder = await realAbsolutePath(wanted);
  await requireOwn({ call, server, info, folder });
  const snapshot = await findSnapshot(latestName, { repository: server.repository, workspace: info.id, signal });
  const rules = await readRules(call);
  const join = { workspace: info.id, parents: [snapshot.id] };
  const report = await withFolder(
    { call, server, folder, identity: folder, name: info.name, join, rules },
    {
      own: async ({ engine }) => {
        const restored = await restoreAll(snapshot, { call, server, info, folder });
        // The lane's first snapshot: from here on this folder is one of the workspace's.
        await engine.push({ ...importing, signal, onProgress: call.output.progress.bind(call.output) });
        return restored;
      },
      ask: () => Promise.reject(new BackupError('conflict', 'Another holdfast works on that folder already.')),
    },
  );
  const shown = displayName(folder);
  const fields = { workspace: info.id, name: info.name, folder: shown, snapshot: snapshot.id };
  return restoreOutcome(report, { fields, done: `Cloned ${info.name} to ${shown}` });
}

const importing = { dirty: 'all', trigger: 'import', message: undefined, force: false, dryRun: false, include: new Set<never>() } as const;

async function restoreAll(snapshot: Snapshot, { call, server, folder }: CloneOf): Promise<RestoreReport> {
  const { repository } = server;
  const { signal } = call;
  const context = await server.formatContext();
  return await restoreInto({
    reader: new ObjectReader({ repository, context, signal }),
    context,
    files: call.surroundings.files,
    root: snapshot.header.root,
    path: rootPath,
    folder,
    windows: process.platform === 'win32',
    signal,
    onProgress: call.output.progress.bind(call.output),
  });
}

/** Empty, or a clone of this workspace that was cut off. */
async function requireOwn({ call, server, info, folder }: CloneOf): Promise<void> {
  const place = await findPlace(server, { call, physical: folder });
  if (place?.folder === folder && place.workspace === info.id) return;
  const found = await call.surroundings.files.readDirectory(folder);
  if (found.length > 0) throw new BackupError('conflict', `${displayName(folder)} is not empty.`);
}
