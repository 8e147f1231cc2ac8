import { displayName } from '../../engine/core/byteString.ts';
import { usualPush, type PushRequest } from '../../engine/run/owned/folderRequest.ts';
import type { PushReport } from '../../engine/run/reports.ts';
import type { Outcome } from '../command.ts';
import { pushOutcome } from '../output/pushes.ts';
import { nameOfFolder, type FolderOptions } from './ownedFolder.ts';
import { runInFolder } from './runInFolder.ts';

export type AskedPush = Pick<PushRequest, 'dirty' | 'message' | 'force' | 'dryRun' | 'git' | 'noGitignore'>;

/** A push that a person asked for, by whoever owns the folder. */
export async function performPush(options: FolderOptions, asked: AskedPush): Promise<Outcome> {
  const answer = await runInFolder(options, { ...usualPush, trigger: 'manual', ...asked });
  if (answer.kind !== 'pushed') throw new Error('Broken invariant: a push was not answered as one.');
  const { report, isNew } = answer;
  const shown = displayName(options.folder);
  const { dirty } = asked;
  const [part] = dirty === 'all' ? [] : dirty;
  const name = report.workspaceName ?? null;
  const fields = { folder: shown, part: part === undefined ? null : displayName(part), workspaceName: name };
  const outcome = pushOutcome(report, { fields, folder: part === undefined ? shown : `${displayName(part)} in ${shown}` });
  const about = isNew && name !== null ? newWorkspaceLine(name, { options, report }) : undefined;
  return about === undefined ? outcome : { ...outcome, text: `${about}\n${outcome.text}` };
}

/** The first push says which workspace this is; above all when it is not called what one would think. */
function newWorkspaceLine(name: string, { options, report }: { readonly options: FolderOptions; readonly report: PushReport }): string {
  const wanted = options.name ?? nameOfFolder(options.identity);
  const called = `This is the workspace “${name}” (${report.workspace ?? 'not known yet'})`;
  return name === wanted ? `${called}.` : `${called}: “${wanted}” is taken by another folder.`;
}
