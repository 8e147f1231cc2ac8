import { displayName } from '../../engine/core/byteString.ts';
import type { Outcome } from '../command.ts';
import { pushOutcome } from '../output/pushes.ts';
import type { PushRequest } from './folderRequest.ts';
import type { OwnedFolder, PerformOptions } from './ownedFolder.ts';

export async function performPush(folder: OwnedFolder, request: PushRequest, { signal, onProgress }: PerformOptions): Promise<Outcome> {
  const { dirty, message, force, dryRun } = request;
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
  return pushOutcome(report, { fields: { folder: shown, part: part === undefined ? null : displayName(part) }, folder: shown });
}
