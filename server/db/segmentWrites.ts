import { assert, BackupError } from '../../base/errors.ts';
import { objectIdBytes, objectKinds } from '../../protocol/ids.ts';
import type { NewSegment } from '../core/metadataWrites.ts';
import type { ScopeKeys } from './rows.ts';
import type { Statements } from './statements.ts';

export const segmentContents = { data: 1, trees: 2 } as const;

/**
 * Stores the segments that are new, with a location for each of their objects beside those that it has. A tree's
 * closed bit is cleared by every new location: the walk looks again, at the child list of who commits.
 * Errors: `limit` when the account's quota does not hold them.
 */
export function storeSegments(
  statements: Statements,
  { keys, segments, at }: { readonly keys: ScopeKeys; readonly segments: readonly NewSegment[]; readonly at: number },
): void {
  let bytes = 0;
  const { generation } = statements.get<{ generation: number }>('select coalesce(max(number), 1) as generation from generations') ?? { generation: 1 };
  for (const segment of segments) if (storeSegment(statements, { segment, keys, at, generation })) bytes += segment.bytes;
  if (bytes === 0) return;
  const within = statements.run(
    'update accounts set used_bytes = used_bytes + ? where key = ? and (quota_bytes is null or used_bytes + ? <= quota_bytes)',
    bytes,
    keys.account,
    bytes,
  );
  if (within.changes === 0) throw overQuota();
}

export function overQuota(): BackupError {
  return new BackupError('limit', 'The account has no room left for this: its quota is used up.', { reason: 'quota' });
}

/** Whether it was new. */
function storeSegment(
  statements: Statements,
  { segment, keys, at, generation }: { readonly segment: NewSegment; readonly keys: ScopeKeys; readonly at: number; readonly generation: number },
): boolean {
  const { sha256, content, bytes, header, place } = segment;
  if (statements.get('select 1 from segments where account = ? and sha256 = ?', keys.account, sha256) !== undefined) return false;
  const inVolume = place.kind === 'volume' ? place : undefined;
  const { key } = statements.run(
    `insert into segments (account, sha256, content, bytes, device, received_at, generation, volume, position)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    keys.account,
    sha256,
    segmentContents[content],
    bytes,
    keys.device,
    at,
    generation,
    inVolume === undefined ? null : fillVolume(statements, { volume: inVolume.volume, bytes: inVolume.offset + bytes }),
    inVolume?.offset ?? null,
  );
  if (place.kind === 'inline') statements.run('insert into inline_segments (segment, content) values (?, ?)', key, place.content);
  if (header !== undefined) statements.run('insert into tree_headers (segment, header) values (?, ?)', key, header);
  storeObjects(statements, { segment, key, account: keys.account, generation });
  return true;
}

/** Notes that everything of a volume before `bytes` is durable and in use; answers its number. */
export function fillVolume(statements: Statements, { volume, bytes }: { readonly volume: string; readonly bytes: number }): number {
  const known = statements.get<{ key: number; bytes: number }>('select key, bytes from volumes where name = ?', volume);
  assert(known, 'a volume is reserved before it is written');
  if (bytes > known.bytes) statements.run('update volumes set bytes = ? where key = ?', bytes, known.key);
  return known.key;
}

function storeObjects(
  statements: Statements,
  { segment, key, account, generation }: { readonly segment: NewSegment; readonly key: number; readonly account: number; readonly generation: number },
): void {
  const { ids, kinds } = segment;
  for (let i = 0; i < kinds.length; i++) {
    const id = ids.subarray(i * objectIdBytes, (i + 1) * objectIdBytes);
    const kind = kinds[i]!;
    const closed = kind === objectKinds.chunk ? 1 : 0;
    statements.run(
      `insert into objects (account, id, kind, closed, generation) values (?, ?, ?, ?, ?)
       on conflict (account, id) do update set
         closed = case when objects.kind = excluded.kind then excluded.closed else 0 end,
         generation = excluded.generation, trashed_at = null`,
      account,
      id,
      kind,
      closed,
      generation,
    );
    statements.run('insert into locations (account, object, segment) values (?, ?, ?) on conflict do nothing', account, id, key);
  }
}
