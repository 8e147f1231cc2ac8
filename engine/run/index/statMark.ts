import type { FileStat } from '../../ports/files.ts';

/**
 * What a file's stat said when its content was read. As long as it says the same, so does the content: the system sets
 * the ctime at every change, of which a program cannot choose the value.
 */
export interface StatMark {
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

/** As written by `writeMark`. */
export const markBytes = 24;

/** A change this soon after the last one may leave the ctime as it was: clocks of file systems tick every few ms. */
const tickNs = 50_000_000n;

/**
 * The mark of a file whose content was read, or undefined when it changed so recently that a further change might not
 * show: such a file is read again by the next reconciling scan. `now` in ms since the epoch, taken before the stat.
 */
export function markOf(stat: FileStat, now: number): StatMark | undefined {
  if (stat.ctimeNs + tickNs > BigInt(Math.trunc(now)) * 1_000_000n) return undefined;
  return { ctimeNs: stat.ctimeNs, inode: stat.inode, device: stat.device };
}

/** Whether the content is that of when the mark was taken, `size` being the size it had. */
export function isContentUnchanged(stat: FileStat, { mark, size }: { readonly mark: StatMark | undefined; readonly size: number }): boolean {
  return mark !== undefined && stat.ctimeNs === mark.ctimeNs && stat.inode === mark.inode && stat.device === mark.device && stat.size === size;
}
