import { displayName, type BytePath } from '../../engine/core/byteString.ts';
import type { FolderAnswer } from '../../engine/run/owned/folderRequest.ts';
import { planInFolder } from '../../engine/run/owned/ownedFolder.ts';
import type { InPlaceReport } from '../../engine/run/restore/restoreReport.ts';
import type { SnapshotId } from '../../protocol/ids.ts';
import type { Outcome } from '../command.ts';
import { pathFields } from '../output/entries.ts';
import { shortId } from '../output/ids.ts';
import { inPlaceOutcome, planOutcome } from '../output/restores.ts';
import type { FolderOptions } from './ownedFolder.ts';
import { runInFolder } from './runInFolder.ts';

export interface AskedRestore {
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
  readonly deleteOthers: boolean;
  readonly dryRun: boolean;
}

/** A restore in place, by whoever owns the folder. A dry run only reads, so it needs no owner. */
export async function performRestore(options: FolderOptions, { dryRun, ...asked }: AskedRestore): Promise<Outcome> {
  const { snapshot, path } = asked;
  const shown = displayName(options.folder);
  const fields = { snapshot, ...pathFields(path), to: shown, inPlace: true };
  if (dryRun) return planOutcome(await planInFolder(await readingParts(options), { ...asked, ...runOptions(options) }), fields);
  const done = `Restored ${shortId(snapshot)} over ${displayName(path) || shown}`;
  return inPlaceOutcome(reportOf(await runInFolder(options, { kind: 'restore', ...asked, except: new Set() })), { fields, done });
}

/** Takes back the last one. */
export async function performUndo(options: FolderOptions): Promise<Outcome> {
  const report = reportOf(await runInFolder(options, { kind: 'undo', except: new Set() }));
  const shown = displayName(options.folder);
  return inPlaceOutcome(report, { fields: { to: shown, inPlace: true }, done: `Took back the last restore of ${shown}` });
}

async function readingParts({ call, server, folder, rules }: FolderOptions): Promise<Parameters<typeof planInFolder>[0]> {
  const { files, clock } = call.surroundings;
  return { patient: server.repository, context: await server.formatContext(), files, root: folder, clock, windows: process.platform === 'win32', rules };
}

function runOptions({ call }: FolderOptions) {
  return { signal: call.signal, onProgress: call.output.progress.bind(call.output) };
}

function reportOf(answer: FolderAnswer): InPlaceReport {
  if (answer.kind === 'restored') return answer.report;
  throw new Error('Broken invariant: a restore was not answered as one.');
}
