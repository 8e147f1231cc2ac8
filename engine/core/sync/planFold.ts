/** What is known of a waiting item when it is decided whether it goes. */
export interface FoldItem {
  /** A pack that goes ahead of the next snapshot; it stays or goes with that. */
  readonly kind: 'pack' | 'snapshot';
  readonly bytes: number;
  readonly labelled: boolean;
}

/**
 * Which snapshots (by position) fold into the next one so that what waits shrinks to about `bytesTarget` and
 * `countTarget`: the oldest first. Never the first, of which the server may have heard already; never the last, the
 * newest state; never one with a label.
 */
export function planFold(
  items: readonly FoldItem[],
  { bytesTarget, countTarget }: { readonly bytesTarget: number; readonly countTarget: number },
): ReadonlySet<number> {
  const first = items.findIndex(({ kind }) => kind === 'snapshot');
  const last = items.findLastIndex(({ kind }) => kind === 'snapshot');
  let bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  let count = items.length;
  const folded = new Set<number>();
  for (let i = first + 1; i < last && (bytes > bytesTarget || count > countTarget); i++) {
    const item = items[i]!;
    if (item.kind === 'pack' || item.labelled) continue;
    folded.add(i);
    bytes -= item.bytes;
    count -= 1;
  }
  return folded;
}
