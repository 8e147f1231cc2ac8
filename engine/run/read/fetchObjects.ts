import { BackupError, isBackupError } from '../../../base/errors.ts';
import { toHex } from '../../../base/bytes.ts';
import type { ObjectId } from '../../../protocol/ids.ts';
import { fetchIdsMax, fetchRootsMax } from '../../../protocol/limits.ts';
import { fetchSkipMax } from '../../../protocol/messages/objects.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { openSegment } from '../../core/segment/decodeSegment.ts';
import type { PlainObject } from '../../core/segment/segmentTypes.ts';
import type { Repository } from '../../ports/repository.ts';

export interface FetchParts {
  readonly repository: Pick<Repository, 'fetch'>;
  readonly context: FormatContext;
  readonly signal: AbortSignal;
}

/** Some objects that were asked for cannot be had. `lost` names them. */
export interface Lost {
  /** The server knows no copy at all. */
  readonly missing: readonly ObjectId[];
  /** Every copy was found wrong. */
  readonly damaged: readonly ObjectId[];
}

/**
 * Fetches objects and checks each against its id. A segment that is wrong is skipped and the next copy asked for.
 * `receive` sees every object of every good segment, asked for or not; bodies are views into the segment.
 * Answers what could not be had; every request makes progress, so it ends.
 * Errors: `corrupt` when more segments are wrong than a request can name.
 */
export async function fetchObjects(
  ids: Iterable<ObjectId>,
  receive: (object: PlainObject) => void,
  parts: FetchParts,
): Promise<Lost> {
  const wanted = new Set(ids);
  const missing: ObjectId[] = [];
  const damaged: ObjectId[] = [];
  const wrong = new Set<string>();
  while (wanted.size > 0) {
    const batch = firstOf(wanted, fetchIdsMax);
    if (wrong.size > fetchSkipMax) throw tooManyWrong(wrong.size);
    const skip = [...wrong];
    const answer = await parts.repository.fetch({ kind: 'objects', ids: batch, skip }, { signal: parts.signal });
    const { received, newlyWrong } = await openAll(answer, { wrong, receive, parts });
    let progress = newlyWrong;
    for (const id of received) if (wanted.delete(id)) progress = true;
    if (progress) continue;
    // Nothing came of any of these: the server has no further copy.
    for (const id of batch) {
      wanted.delete(id);
      (wrong.size > 0 ? damaged : missing).push(id);
    }
  }
  return { missing, damaged };
}

/**
 * Fetches trees and lists at and under `roots`, as much as one answer holds. Whoever walks asks again for what it
 * still lacks. A wrong segment is left out: asking for its objects by name finds the next copy.
 */
export async function fetchUnder(
  roots: Iterable<ObjectId>,
  receive: (object: PlainObject) => void,
  parts: FetchParts,
): Promise<void> {
  const request = { kind: 'under', roots: firstOf(roots, fetchRootsMax) } as const;
  const answer = await parts.repository.fetch(request, { signal: parts.signal });
  await openAll(answer, { wrong: new Set(), receive, parts });
}

function tooManyWrong(segments: number): BackupError {
  return new BackupError('corrupt', `The server answered ${segments} damaged segments: its data, or this key ring, is not what was stored.`, { segments });
}

/** The error for objects that are lost. */
export function lostError({ missing, damaged }: Lost, what: string): BackupError {
  const count = missing.length + damaged.length;
  const first = damaged[0] ?? missing[0] ?? '';
  const how = damaged.length > 0 ? 'every copy on the server is damaged' : 'the server does not have it';
  return new BackupError('corrupt', `${what} cannot be read: ${how} (${count} lost, first ${first}).`, {
    missing: missing.length,
    damaged: damaged.length,
    first,
  });
}

async function openAll(
  segments: readonly Uint8Array[],
  { wrong, receive, parts }: { wrong: Set<string>; receive: (object: PlainObject) => void; parts: FetchParts },
): Promise<{ readonly received: readonly ObjectId[]; readonly newlyWrong: boolean }> {
  const received: ObjectId[] = [];
  const wrongBefore = wrong.size;
  for (const segment of segments) {
    parts.signal.throwIfAborted();
    try {
      for (const object of await openSegment(segment, parts.context)) {
        received.push(object.id);
        receive(object);
      }
    } catch (error) {
      if (!isBackupError(error, 'corrupt')) throw error;
      wrong.add(toHex(parts.context.hasher.sha256(segment)));
    }
  }
  return { received, newlyWrong: wrong.size > wrongBefore };
}

function firstOf(ids: Iterable<ObjectId>, countMax: number): ObjectId[] {
  const first: ObjectId[] = [];
  for (const id of ids) {
    if (first.length === countMax) break;
    first.push(id);
  }
  return first;
}
