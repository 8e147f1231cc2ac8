import { isBackupError } from '../../../base/errors.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { askIndex } from './askIndex.ts';
import { trusting } from './captureTypes.ts';
import type { Distrust } from './captureTypes.ts';
import type { FolderState } from './folderState.ts';

/** The server lacks these. With `readAll` it may lack anything else, too. */
export function distrusting(lacking: ReadonlySet<ObjectId>, { readAll }: { readonly readAll: boolean }): Distrust {
  return { readAll, resend: (id) => readAll || lacking.has(id), lost: (id) => lacking.has(id) };
}

/**
 * What a push believes: everything, unless it is forced or the lane is in doubt; then the server is asked about every
 * object. Without a server, the doubt stays for later.
 */
export async function planDistrust(state: FolderState, { force, signal }: { readonly force: boolean; readonly signal: AbortSignal }): Promise<Distrust> {
  if (!force && state.lane.state?.doubt !== true) return trusting;
  try {
    const { repository } = state.parts;
    const lacking = await askIndex(state.index, { repository, link: state.link, signal });
    return distrusting(lacking, { readAll: force });
  } catch (error) {
    if (!isBackupError(error, 'unavailable')) throw error;
    return force ? distrusting(new Set(), { readAll: true }) : trusting;
  }
}
