import { BackupError } from '../../base/errors.ts';
import { displayName } from '../../engine/core/byteString.ts';
import { absolutePath } from '../../engine/platform/nativePath.ts';
import { planRestoreInto, restoreInto } from '../../engine/run/restore/restoreInto.ts';
import { UsageError } from '../arguments.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { performRestore } from '../folder/performRestore.ts';
import { pathFields } from '../output/entries.ts';
import { shortId } from '../output/ids.ts';
import { planOutcome, restoreOutcome } from '../output/restores.ts';
import { readRules } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';
import { openSnapshot } from '../workspace/openSnapshot.ts';
import { followedPath } from '../workspace/physicalPath.ts';
import { requirePlace, resolveWorkspace } from '../workspace/resolveWorkspace.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Brings back a snapshot, or a file or folder of it',
  operands: [{ name: 'SNAPSHOT[:PATH]', required: true, help: 'An id, the start of one, or latest; and a folder or file in it' }],
  flags: {
    to: { kind: 'text', value: 'DIR', help: 'Into this folder, beside whatever is in it; nothing there is replaced' },
    'in-place': { kind: 'switch', help: 'Over the workspace’s own folder; what is replaced is captured first, undo takes it back' },
    delete: { kind: 'switch', help: 'With --in-place: also delete what the snapshot does not have' },
    'dry-run': { kind: 'switch', help: 'Only say what would be done' },
  },
  notes: ['A folder’s content goes into DIR; a file goes there under its own name.'],
  run: runRestore,
};

async function runRestore(call: Call): Promise<Outcome> {
  const words = call.arguments;
  const to = words.text('to');
  const inPlace = words.has('in-place');
  if ((to !== undefined) === inPlace) throw new UsageError('Say where to: --to DIR or --in-place.');
  if (words.has('delete') && !inPlace) throw new UsageError('--delete goes with --in-place only.');
  return await withServer(call, async (server) => (to === undefined ? await restoreOver(call, server) : await restoreTo(to, { call, server })));
}

async function restoreOver(call: Call, server: Server): Promise<Outcome> {
  const words = call.arguments;
  const { snapshot, name } = await openSnapshot(server, { call, typed: words.operand(0)! });
  const { folder, identity, workspace } = requirePlace(await resolveWorkspace(server, { call, physical: await followedPath('.') }));
  if (snapshot.workspace !== workspace) throw new BackupError('conflict', 'That snapshot is of another workspace than this folder: restore it with --to DIR.');
  const rules = await readRules(call);
  return await performRestore(
    { call, server, folder, identity, name: undefined, rules },
    { snapshot: snapshot.id, path: name.path, deleteOthers: words.has('delete'), dryRun: words.has('dry-run') },
  );
}

async function restoreTo(to: string, { call, server }: { readonly call: Call; readonly server: Server }): Promise<Outcome> {
  const { snapshot, name, reader, context } = await openSnapshot(server, { call, typed: call.arguments.operand(0)! });
  const folder = absolutePath(to);
  const windows = process.platform === 'win32';
  const options = {
    reader,
    context,
    files: call.surroundings.files,
    root: snapshot.header.root,
    path: name.path,
    folder,
    windows,
    signal: call.signal,
    onProgress: call.output.progress.bind(call.output),
  };
  const fields = { snapshot: snapshot.id, ...pathFields(name.path), to: displayName(folder), inPlace: false };
  if (call.arguments.has('dry-run')) {
    // Whether case counts there would have to be tried out on the disk.
    const rules = { windows, caseInsensitive: windows || process.platform === 'darwin' };
    return planOutcome(await planRestoreInto(options, rules), fields);
  }
  const report = await restoreInto(options);
  return restoreOutcome(report, { fields, done: `Restored ${shortId(snapshot.id)} to ${displayName(folder)}` });
}
