import { isBackupError } from '../../../base/errors.ts';
import { packBytesTarget } from '../../../protocol/limits.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { decodePack, encodePack } from '../../core/pack/pack.ts';
import type { Pack, Repository } from '../../ports/repository.ts';
import type { Link } from '../push/link.ts';

/** Below this a refusal is about something else than the size of a request. */
const packBytesMin = 512 * 1024;

/** Where packs are closed; halved when something on the way refuses them for their size. */
export class PackLimit {
  /** Half of what a pack may be: two are under way while the third fills, and a client stays small. */
  #bytesTarget = packBytesTarget / 2;

  get bytesTarget(): number {
    return this.#bytesTarget;
  }

  /** Answers whether it makes sense to send in smaller pieces what was refused. */
  halve(refusedBytes: number): boolean {
    if (refusedBytes < packBytesMin) return false;
    this.#bytesTarget = Math.max(packBytesMin / 2, Math.floor(Math.min(this.#bytesTarget, refusedBytes) / 2));
    return true;
  }
}

export interface PutPackParts {
  readonly repository: Repository;
  readonly link: Link;
  readonly context: FormatContext;
  readonly limit: PackLimit;
  readonly signal: AbortSignal;
}

/** Stores a pack, in smaller ones when it is refused for its size. Errors: those of the repository. */
export async function putPack(pack: Pack, parts: PutPackParts): Promise<void> {
  const { repository, link, context, limit, signal } = parts;
  try {
    await link.call((options) => repository.putPack(pack, options), { signal, bytes: pack.bytes.length });
  } catch (error) {
    if (!isBackupError(error, 'limit') || !limit.halve(pack.bytes.length)) throw error;
    const groups = groupBySize(decodePack(pack.bytes), limit.bytesTarget);
    if (groups.length < 2) throw error;
    for (const segments of groups) await putPack(await encodePack(segments, context.hasher), parts);
  }
}

/** Neighbours together, up to about `bytesTarget`; a larger one by itself. */
function groupBySize(segments: readonly Uint8Array[], bytesTarget: number): readonly (readonly Uint8Array[])[] {
  const groups: Uint8Array[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const segment of segments) {
    if (filled + segment.length > bytesTarget) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)!.push(segment);
    filled += segment.length;
  }
  return groups;
}
