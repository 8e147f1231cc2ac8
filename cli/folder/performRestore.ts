import { BackupError } from '../../base/errors.ts';
import { displayName, isWithin, type ByteName, type BytePath } from '../../engine/core/byteString.ts';
import { ObjectReader } from '../../engine/run/read/objectReader.ts';
import { findSnapshotById, requireContent } from '../../engine/run/read/snapshots.ts';
import type { InPlaceOptions, Captured } from '../../engine/run/restore/inPlace.ts';
import { planRestoreInPlace, restoreInPlace, type RestoreInPlaceOptions } from '../../engine/run/restore/restoreInPlace.ts';
import { undoRestore } from '../../engine/run/restore/undoRestore.ts';
import { FolderRules } from '../../engine/run/scan/folderRules.ts';
import { listDirectory } from '../../engine/run/scan/listDirectory.ts';
import type { Outcome } from '../command.ts';
import { pathFields } from '../output/entries.ts';
import { shortId } from '../output/ids.ts';
import { inPlaceOutcome, planOutcome } from '../output/restores.ts';
import type { RestoreRequest } from './folderRequest.ts';
import type { OwnedFolder, PerformOptions } from './ownedFolder.ts';

const windows = process.platform === 'win32';
/** Whether case counts is tried out on the disk by a restore, but not by a dry run. */
const rulesOfDryRun = { windows, caseInsensitive: windows || process.platform === 'darwin' };

export async function performRestore(folder: OwnedFolder, request: RestoreRequest, options: PerformOptions): Promise<Outcome> {
  const { path, deleteOthers, dryRun } = request;
  const repository = folder.options.server.repository;
  const snapshot = requireContent(await findSnapshotById(request.snapshot, { repository, signal: options.signal }));
  const parts: RestoreInPlaceOptions = {
    ...(await inPlaceOptions(folder, options)),
    snapshot: snapshot.id,
    root: snapshot.header.root,
    path,
    deleteOthers: deleteOthers ? keptBy(folder, options) : undefined,
  };
  const shown = displayName(folder.options.folder);
  const fields = { snapshot: snapshot.id, ...pathFields(path), to: shown, inPlace: true };
  if (dryRun) return planOutcome(await planRestoreInPlace(parts, rulesOfDryRun), fields);
  const done = `Restored ${shortId(snapshot.id)} over ${displayName(path) || shown}`;
  return inPlaceOutcome(await restoreInPlace(parts), { fields, done });
}

export async function performUndo(folder: OwnedFolder, options: PerformOptions): Promise<Outcome> {
  const report = await undoRestore(await inPlaceOptions(folder, options));
  const shown = displayName(folder.options.folder);
  return inPlaceOutcome(report, { fields: { to: shown, inPlace: true }, done: `Took back the last restore of ${shown}` });
}

async function inPlaceOptions(folder: OwnedFolder, { signal, onProgress }: PerformOptions): Promise<InPlaceOptions> {
  const { call, server } = folder.options;
  const { files, clock } = call.surroundings;
  const context = await server.formatContext();
  return {
    reader: new ObjectReader({ repository: server.repository, context, signal }),
    context,
    files,
    folder: folder.options.folder,
    state: folder.restores,
    rootOf: async (snapshot) => (await findSnapshotById(snapshot, { repository: server.repository, signal })).header.root,
    capture: async (paths) => await captureBefore(folder, paths, { signal, onProgress }),
    clock,
    windows,
    signal,
    onProgress,
  };
}

/** The snapshot that a restore begins with: the folder as it is, and every path that will be touched, ignored or not. */
async function captureBefore(folder: OwnedFolder, paths: ReadonlySet<BytePath>, options: PerformOptions): Promise<Captured> {
  const report = await folder.engine.push({
    dirty: 'all',
    trigger: 'before-restore',
    message: undefined,
    force: false,
    dryRun: false,
    include: paths,
    ...options,
  });
  if (report.snapshot === undefined) throw new BackupError('conflict', 'The folder could not be captured before the restore: nothing was changed.');
  if (report.warningsTotal > report.warnings.length) {
    throw new BackupError('limit', 'Too much of the folder cannot be read to know what a restore may touch: nothing was changed.');
  }
  const warned = report.warnings.filter(({ kind }) => kind !== 'hard-link').map(({ path }) => path);
  const uncapturable = new Set([...paths].filter((path) => warned.some((each) => isWithin(path, each))));
  return { snapshot: report.snapshot, acknowledged: report.outcome !== 'queued', uncapturable };
}

/** The names of a directory that the folder's rules keep. */
function keptBy(folder: OwnedFolder, { signal }: PerformOptions): RestoreInPlaceOptions['deleteOthers'] {
  const { files } = folder.options.call.surroundings;
  const root = folder.options.folder;
  const context = { files, root, rules: new FolderRules({ files, root, options: folder.options.rules }) };
  return {
    async keptNames(directory): Promise<ReadonlySet<ByteName>> {
      const listed = await listDirectory(context, directory, { signal });
      return new Set(listed.kind === 'listed' ? listed.entries.map(({ name }) => name) : []);
    },
  };
}
