import { toHex } from '../../base/bytes.ts';
import { assert, BackupError } from '../../base/errors.ts';
import { objectIdBytes, objectKinds } from '../../protocol/ids.ts';
import type { ObjectId } from '../../protocol/ids.ts';
import type { NewSegment } from '../core/metadataWrites.ts';
import { closureEpoch, closureView, forgetClosures } from './closureView.ts';
import { Declarations } from './declarations.ts';
import type { ScopeKeys } from './rows.ts';
import { standing } from './standing.ts';
import type { Statements } from './statements.ts';

export const segmentContents = { data: 1, trees: 2 } as const;

/**
 * Stores the segments that are new, with a location for each of their objects beside those that it has. A copy of a
 * closed tree that declares what is not there opens it and everything above it; an equal copy costs one comparison.
 * Errors: `limit` when the account's quota does not hold them.
 */
export function storeSegments(
  statements: Statements,
  { keys, segments, at }: { readonly keys: ScopeKeys; readonly segments: readonly NewSegment[]; readonly at: number },
): void {
  let bytes = 0;
  const copies: Copy[] = [];
  const epoch = closureEpoch(statements, keys.account);
  const { generation } = statements.get<{ generation: number }>('select coalesce(max(number), 1) as generation from generations') ?? { generation: 1 };
  for (const segment of segments) if (storeSegment(statements, { segment, keys, at, generation, epoch, copies })) bytes += segment.bytes;
  if (copies.some(declaresMore(statements, keys.account))) forgetClosures(statements, keys.account);
  useBytes(statements, keys.account, bytes);
}

/** Counts what is stored for good. Errors: `limit` when the account's quota does not hold it. */
export function useBytes(statements: Statements, account: number, bytes: number): void {
  if (bytes === 0) return;
  const within = statements.run(
    'update accounts set used_bytes = used_bytes + ? where key = ? and (quota_bytes is null or used_bytes + ? <= quota_bytes)',
    bytes,
    account,
    bytes,
  );
  if (within.changes === 0) throw overQuota();
}

export function overQuota(): BackupError {
  return new BackupError('limit', 'The account has no room left for this: its quota is used up.', { reason: 'quota' });
}

/** A further copy of a closed tree or list. */
interface Copy {
  readonly id: ObjectId;
  readonly segment: number;
}

interface Storing {
  readonly segment: NewSegment;
  readonly keys: ScopeKeys;
  readonly at: number;
  readonly generation: number;
  readonly epoch: number;
  /** Takes what has to be compared once everything is stored. */
  readonly copies: Copy[];
}

/** Whether a copy of a closed object names something beneath that is not closed. */
function declaresMore(statements: Statements, account: number): (copy: Copy) => boolean {
  const declarations = new Declarations(statements, account);
  const view = closureView(statements, { account, device: 0 });
  return ({ id, segment }) => {
    const ids = declarations.in(segment, id);
    const other = declarations.of(id).find((known) => known.segment !== segment);
    if (other !== undefined && other.ids.length === ids.length && other.ids.every((child, i) => child === ids[i])) return false;
    return !ids.every((child) => view.find(child)?.closed === true);
  };
}

/** Whether its bytes are new. */
function storeSegment(statements: Statements, storing: Storing): boolean {
  const { segment, keys, at, generation } = storing;
  const { sha256, content, bytes, header, place } = segment;
  const known = statements.get<{ key: number; stands: number }>(
    `select s.key, ${standing} as stands from segments s join devices d on d.key = s.device where s.account = ? and s.sha256 = ?`,
    keys.account,
    sha256,
  );
  if (known?.stands === 1) return false;
  if (known !== undefined) return adoptSegment(statements, known.key, storing);
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
  storeObjects(statements, key, storing);
  return true;
}

/** A compromised device sent the same bytes: who sends them again vouches for them. Answers whether they lie twice. */
function adoptSegment(statements: Statements, key: number, storing: Storing): boolean {
  const { segment, keys, at } = storing;
  statements.run('update segments set device = ?, received_at = ? where key = ?', keys.device, at, key);
  storeObjects(statements, key, storing);
  if (segment.place.kind === 'inline') return false;
  fillVolume(statements, { volume: segment.place.volume, bytes: segment.place.offset + segment.bytes });
  return true;
}

/** Notes that everything of a volume before `bytes` is durable and in use; answers its number. */
export function fillVolume(statements: Statements, { volume, bytes }: { readonly volume: string; readonly bytes: number }): number {
  const known = statements.get<{ key: number; bytes: number }>('select key, bytes from volumes where name = ?', volume);
  assert(known, 'a volume is reserved before it is written');
  if (bytes > known.bytes) statements.run('update volumes set bytes = ? where key = ?', bytes, known.key);
  return known.key;
}

function storeObjects(statements: Statements, key: number, { segment, keys: { account }, generation, epoch, copies }: Storing): void {
  const { ids, kinds } = segment;
  for (let i = 0; i < kinds.length; i++) {
    const id = ids.subarray(i * objectIdBytes, (i + 1) * objectIdBytes);
    const kind = kinds[i]!;
    // Copies that differ in their kind: one lies, and what may be a tree is walked as one.
    const { closed } = statements.get<{ closed: number }>(
      `insert into objects (account, id, kind, closed, generation) values (?, ?, ?, 0, ?)
       on conflict (account, id) do update set
         kind = case when objects.kind = ${objectKinds.chunk} then excluded.kind else objects.kind end,
         closed = case when objects.kind = ${objectKinds.chunk} and excluded.kind <> ${objectKinds.chunk} then ? else objects.closed end,
         generation = excluded.generation, trashed_at = null
       returning closed`,
      account,
      id,
      kind,
      generation,
      epoch,
    )!;
    statements.run('insert into locations (account, object, segment) values (?, ?, ?) on conflict do nothing', account, id, key);
    if (kind !== objectKinds.chunk && closed === epoch) copies.push({ id: toHex(id) as ObjectId, segment: key });
  }
}
