import type { ObjectId } from '../../../protocol/ids.ts';
import { putPack } from '../outbox/putPack.ts';
import type { ScanContext } from '../scan/scanTypes.ts';
import { askIndex, treeNodes } from './askIndex.ts';
import { Capture } from './capture.ts';
import { CaptureProgress } from './captureTypes.ts';
import { distrusting } from './distrust.ts';
import type { FolderState } from './folderState.ts';
import type { PackStream } from './packStream.ts';

export interface RepairParts {
  readonly state: FolderState;
  readonly scan: ScanContext;
  /** Sends only what the server lacks. */
  readonly stream: PackStream;
  /** Also files whose content it is believed to have are read. */
  readonly readAll: boolean;
  readonly signal: AbortSignal;
}

/**
 * The server lacks something of a state that was captured: sends what the folder still has of it. What else is found
 * to differ is left for the next capture.
 */
export async function repairFolder(ids: readonly ObjectId[], { state, scan, stream, readAll, signal }: RepairParts): Promise<void> {
  const { index, link, limit } = state;
  const { repository, context, clock, log } = state.parts;
  const lacking = new Set([...(await askIndex(index, { repository, link, signal })), ...ids]);
  log.warn('server.lacks', { objects: lacking.size });
  const distrust = distrusting(lacking, { readAll });
  const progress = new CaptureProgress();
  const capture = new Capture({ scan, index, sink: stream, context, clock, progress, distrust, pause: async () => {}, signal });
  await capture.run('whole');
  for (const node of treeNodes(index, (id) => lacking.has(id))) await stream.add(node, { sensitive: false });
  const pack = await stream.finish();
  if (pack !== undefined) await putPack(pack, { repository, link, context, limit, signal });
}
