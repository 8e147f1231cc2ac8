import { displayName } from '../../engine/core/byteString.ts';
import type { Outcome } from '../command.ts';
import { nameOfFolder } from './openEngine.ts';
import { pushOutcome } from '../output/pushes.ts';
import type { PushRequest } from './folderRequest.ts';
import type { OwnedFolder, PerformOptions } from './ownedFolder.ts';

export async function performPush(folder: OwnedFolder, request: PushRequest, { signal, onProgress }: PerformOptions): Promise<Outcome> {
  const { dirty, message, force, dryRun } = request;
  const isNew = folder.engine.workspace === undefined;
  const report = await folder.engine.push({
    dirty,
    trigger: 'manual',
    message,
    force,
    dryRun,
    include: new Set(),
    signal,
    onProgress,
  });
  const shown = displayName(folder.options.folder);
  const [part] = dirty === 'all' ? [] : dirty;
  const name = folder.engine.workspaceName ?? null;
  const fields = { folder: shown, part: part === undefined ? null : displayName(part), workspaceName: name };
  const outcome = pushOutcome(report, { fields, folder: part === undefined ? shown : `${displayName(part)} in ${shown}` });
  const about = isNew && name !== null ? newWorkspaceLine(name, folder) : undefined;
  return about === undefined ? outcome : { ...outcome, text: `${about}\n${outcome.text}` };
}

/** The first push says which workspace this is; above all when it is not called what one would think. */
function newWorkspaceLine(name: string, { options, engine }: OwnedFolder): string {
  const wanted = options.name ?? nameOfFolder(options.identity);
  const called = `This is the workspace “${name}” (${engine.workspace ?? 'not known yet'})`;
  return name === wanted ? `${called}.` : `${called}: “${wanted}” is taken by another folder.`;
}
