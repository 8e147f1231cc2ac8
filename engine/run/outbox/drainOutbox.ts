import { assert, BackupError, isBackupError } from '../../../base/errors.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { missingIdsMax } from '../../../protocol/limits.ts';
import type { WaitingSnapshot } from '../../core/sync/outboxItem.ts';
import { decodePack, encodePack } from '../../core/pack/pack.ts';
import { decodeSegmentHeader } from '../../core/segment/decodeSegment.ts';
import type { Log } from '../../ports/primitives.ts';
import type { CommitResult, LaneHead } from '../../ports/repository.ts';
import type { Outbox, Waiting } from './outbox.ts';
import { putPack } from './putPack.ts';
import type { PutPackParts } from './putPack.ts';
import { rewriteChain } from './rewriteChain.ts';
import type { ChainPlace } from '../../core/sync/rechain.ts';
import type { OnAcknowledged } from '../reports.ts';

export interface DrainParts extends PutPackParts {
  readonly outbox: Outbox;
  /** Where the first snapshot that waits hangs. */
  readonly waitingPlace: () => ChainPlace;
  /** The lane is not where it should be. Resolves when it may be tried again. Errors: `conflict`. */
  readonly reconcile: (head: LaneHead | undefined) => Promise<void>;
  /** Sends what the folder still has of these objects. Answers whether it is worth another try. */
  readonly repair: (ids: readonly ObjectId[]) => Promise<boolean>;
  readonly onSent: (bytes: number) => void;
  /** What was sent since the last snapshot: the more, the longer the server may take to look through it. */
  readonly bytesAhead: () => number;
  readonly onAcknowledged: OnAcknowledged;
  readonly log: Log;
}

/** How often one snapshot is tried that the server refuses for what it lacks or where it hangs. */
const triesMax = 4;

/** What became of the newest state: `lost` when the server lacks something of it that is nowhere else any more. */
export type DrainResult = { readonly kind: 'sent' } | { readonly kind: 'lost'; readonly ids: readonly ObjectId[] };

/**
 * Sends what waits, strictly in order. A state that can be completed no more folds into the next one; of the newest,
 * the caller is told, and captures it anew.
 * Errors: `unavailable` (the rest waits on), `conflict`, `denied`, `limit`.
 */
export async function drainOutbox(parts: DrainParts): Promise<DrainResult> {
  const { outbox, signal } = parts;
  for (let first = outbox.waiting[0]; first !== undefined; first = outbox.waiting[0]) {
    signal.throwIfAborted();
    const item = await outbox.read(first);
    if (item.kind === 'pack') {
      await putPack(item.pack, parts);
      parts.onSent(item.pack.bytes.length);
      await outbox.acceptFirst(undefined);
      continue;
    }
    const lacking = await sendSnapshot(first, { item, parts });
    if (lacking === undefined) continue;
    const isNewest = !outbox.waiting.slice(1).some(({ snapshot }) => snapshot !== undefined);
    if (isNewest) {
      await outbox.rewrite([], outbox.acknowledged);
      return { kind: 'lost', ids: lacking };
    }
    parts.log.warn('outbox.folded', { lacking: lacking.length });
    const { context, waitingPlace } = parts;
    await outbox.rewrite(rewriteChain(outbox, { place: waitingPlace(), folded: new Set([0]), context }), outbox.acknowledged);
  }
  return { kind: 'sent' };
}

/** Answers what the server lacks and nobody can supply, or undefined when it is accepted (or now hangs elsewhere). */
async function sendSnapshot(
  first: Waiting,
  { item, parts }: { readonly item: WaitingSnapshot; readonly parts: DrainParts },
): Promise<readonly ObjectId[] | undefined> {
  const { outbox } = parts;
  for (let tries = 1; tries <= triesMax; tries++) {
    const result = await commit(item, parts);
    switch (result.kind) {
      case 'committed':
        await accept(first, { result, parts });
        parts.onAcknowledged({ record: item.record, seq: result.seq, receivedAt: result.receivedAt });
        return undefined;
      case 'stale':
        await parts.reconcile(result.head);
        if (outbox.waiting[0] !== first) return undefined;
        break;
      case 'missing':
        if (tries === triesMax || !(await supply(result.ids, { tries, parts }))) return result.ids;
        break;
      default:
        result satisfies never;
    }
  }
  throw new BackupError('conflict', 'The server keeps refusing a snapshot.', { tries: triesMax });
}

/** With its pack in the same request, or after it, when together they are too large. */
async function commit({ record, rows, pack }: WaitingSnapshot, parts: DrainParts): Promise<CommitResult> {
  const { repository, link, signal, limit, onSent } = parts;
  const bytes = pack?.bytes.length ?? 0;
  const patient = { signal, bytes: bytes + parts.bytesAhead() };
  try {
    const request = { record, rows, pack, advance: undefined };
    const result = await link.call((options) => repository.commit(request, options), patient);
    onSent(bytes);
    return result;
  } catch (error) {
    if (pack === undefined || !isBackupError(error, 'limit') || !limit.halve(bytes)) throw error;
    await putPack(pack, parts);
    onSent(bytes);
    return await link.call((options) => repository.commit({ record, rows, pack: undefined, advance: undefined }, options), patient);
  }
}

async function accept(
  { snapshot }: Waiting,
  { result, parts }: { readonly result: CommitResult & { readonly kind: 'committed' }; readonly parts: DrainParts },
): Promise<void> {
  assert(snapshot !== undefined, 'a snapshot was sent');
  const { n, root, partial } = snapshot.header;
  await parts.outbox.acceptFirst({ n, id: snapshot.id, root, partial, seq: result.seq });
  await parts.outbox.gathered(result.gatheredSeq);
}

/** First from what is kept here of packs, then from the folder. Answers whether it is worth another try. */
async function supply(ids: readonly ObjectId[], { tries, parts }: { readonly tries: number; readonly parts: DrainParts }): Promise<boolean> {
  if (tries === 1 && (await resendKept(parts))) return true;
  return await parts.repair(ids);
}

/** Sends again what the server lacks of the packs that it acknowledged. Answers whether there was any. */
async function resendKept(parts: DrainParts): Promise<boolean> {
  const { outbox, context, signal } = parts;
  let found = false;
  for (const waiting of outbox.sent) {
    signal.throwIfAborted();
    const { pack } = await outbox.read(waiting);
    const segments = pack === undefined ? [] : await lackingSegments(decodePack(pack.bytes), parts);
    if (segments.length === 0) continue;
    const again = await encodePack(segments, context.hasher);
    await putPack(again, parts);
    parts.onSent(again.bytes.length);
    found = true;
  }
  return found;
}

async function lackingSegments(segments: readonly Uint8Array[], { repository, link, signal }: DrainParts): Promise<readonly Uint8Array[]> {
  const ids = segments.map((bytes) => decodeSegmentHeader(bytes).objects.map(({ id }) => id));
  const missing = await link.call((options) => repository.missing(ids.flat().slice(0, missingIdsMax), options), { signal });
  return segments.filter((_, i) => ids[i]!.some((id) => missing.has(id)));
}
