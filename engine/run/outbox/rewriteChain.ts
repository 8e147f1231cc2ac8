import type { ObjectId } from '../../../protocol/ids.ts';
import { encodePack, decodePack } from '../../core/pack/pack.ts';
import { decodeSegmentHeader } from '../../core/segment/decodeSegment.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { planFold } from '../../core/sync/planFold.ts';
import { foldInto, nothingFolded, rechain } from '../../core/sync/rechain.ts';
import type { ChainPlace } from '../../core/sync/rechain.ts';
import type { OutboxItem } from '../../core/sync/outboxItem.ts';
import type { Outbox, Waiting } from './outbox.ts';

export interface RewriteOptions {
  /** Where the first snapshot that is kept is to hang. */
  readonly place: ChainPlace;
  /** Positions among the waiting items of snapshots that fold into the next one. */
  readonly folded: ReadonlySet<number>;
  readonly context: FormatContext;
}

/** After folding, this share of the bounds is in use, so that it is not done again for every save. */
const shareAfterFold = 0.5;

/** Folds the oldest unlabelled states when the outbox is full. `place` is where its first snapshot hangs. */
export async function foldWhenFull(outbox: Outbox, countMax: number, { place, context }: Omit<RewriteOptions, 'folded'>): Promise<void> {
  if (!outbox.full) return;
  const items = outbox.waiting.map(({ bytes, snapshot }) => ({
    kind: snapshot === undefined ? ('pack' as const) : ('snapshot' as const),
    bytes,
    labelled: snapshot?.labelled ?? false,
  }));
  const target = { bytesTarget: shareAfterFold * outbox.bytesMax, countTarget: shareAfterFold * countMax };
  const folded = planFold(items, target);
  if (folded.size > 0) await outbox.rewrite(rewriteChain(outbox, { place, folded, context }), outbox.acknowledged);
}

/**
 * What waits as a chain that hangs at another place, with some snapshots folded into the next. Of a folded one, the
 * segments stay that a later state needs.
 */
export async function* rewriteChain(outbox: Outbox, { place, folded, context }: RewriteOptions): AsyncGenerator<OutboxItem, void> {
  const needed = folded.size === 0 ? undefined : await neededObjects(outbox, folded);
  let at = place;
  let carried = nothingFolded;
  for (const [position, waiting] of outbox.waiting.entries()) {
    const item = await outbox.read(waiting);
    if (item.kind === 'pack') {
      yield item;
    } else if (folded.has(position)) {
      carried = foldInto(carried, item, context);
      yield* neededPart(item, needed, context);
    } else {
      const moved = rechain(item, { place: at, folded: carried }, context);
      yield moved;
      carried = nothingFolded;
      at = { ...at, n: at.n + 1, prev: moved.record.id };
    }
  }
}

async function* neededPart(item: OutboxItem, needed: ReadonlySet<ObjectId> | undefined, { hasher }: FormatContext): AsyncGenerator<OutboxItem, void> {
  if (item.pack === undefined) return;
  const segments = decodePack(item.pack.bytes).filter((bytes) => {
    return needed === undefined || decodeSegmentHeader(bytes).objects.some(({ id }) => needed.has(id));
  });
  if (segments.length > 0) yield { kind: 'pack', pack: await encodePack(segments, hasher) };
}

/** Every waiting object that a snapshot reaches that is kept. */
async function neededObjects(outbox: Outbox, folded: ReadonlySet<number>): Promise<ReadonlySet<ObjectId>> {
  const children = new Map<ObjectId, readonly ObjectId[]>();
  const left: ObjectId[] = [];
  for (const [position, waiting] of outbox.waiting.entries()) {
    for (const { id, children: ids } of await objectsOf(outbox, waiting)) children.set(id, ids);
    if (waiting.snapshot !== undefined && !folded.has(position)) left.push(waiting.snapshot.header.root);
  }
  const needed = new Set<ObjectId>();
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    const below = children.get(id);
    if (below === undefined || needed.has(id)) continue;
    needed.add(id);
    left.push(...below);
  }
  return needed;
}

async function objectsOf(outbox: Outbox, waiting: Waiting): Promise<readonly { readonly id: ObjectId; readonly children: readonly ObjectId[] }[]> {
  const { pack } = await outbox.read(waiting);
  return pack === undefined ? [] : decodePack(pack.bytes).flatMap((bytes) => decodeSegmentHeader(bytes).objects);
}
