import { toHex } from '../../base/bytes.ts';
import type { AccountId, DeviceId, SnapshotId } from '../../protocol/ids.ts';
import type { MetadataReads } from '../core/metadataReads.ts';
import { accountKey, metaValue } from './rows.ts';
import type { Statements } from './statements.ts';

type GatherReads = Pick<
  MetadataReads,
  'volumes' | 'inlineTotals' | 'inlineSegments' | 'gatherSpan' | 'snapshotsToGather' | 'eventsToGather'
>;

export function gatherReads(statements: Statements): GatherReads {
  const { kysely } = statements;
  return {
    volumes: () => statements.rows(kysely.selectFrom('volumes').select(['name', 'bytes']).orderBy('key')),
    inlineTotals() {
      const row = statements.get<{ segments: number; bytes: number }>(
        'select count(*) as segments, coalesce(sum(s.bytes), 0) as bytes from inline_segments i join segments s on s.key = i.segment',
      );
      return { segments: row!.segments, bytes: row!.bytes };
    },
    inlineSegments({ after, upTo, bytesMax }) {
      const numbers = statements.all<{ key: number; bytes: number }>(
        'select s.key, s.bytes from inline_segments i join segments s on s.key = i.segment where i.segment > ? and i.segment <= ? order by i.segment limit 4096',
        after,
        upTo,
      );
      let bytes = 0;
      const fitting = numbers.filter((one, i) => (bytes += one.bytes) <= bytesMax || i === 0);
      return fitting.map(({ key }) => inlineSegment(statements, key));
    },
    gatherSpan() {
      const last = statements.get<{ segment: number | null }>('select max(segment) as segment from inline_segments');
      const lastEvent = statements.get<{ event: number | null }>('select max(key) as event from events');
      const accounts = statements.rows(
        kysely.selectFrom('accounts').select(['id', 'seq', 'gathered_seq as after']).whereRef('seq', '>', 'gathered_seq').orderBy('key'),
      );
      return {
        segment: last?.segment ?? 0,
        eventAfter: Number(metaValue(statements, 'gathered_event') ?? 0),
        event: lastEvent?.event ?? 0,
        accounts: accounts.map(({ id, seq, after }) => ({ account: toHex(id) as AccountId, after, seq })),
      };
    },
    snapshotsToGather({ account, after, upTo, bytesMax }) {
      const found = statements.rows(
        kysely
          .selectFrom('snapshots')
          .select(['seq', 'received_at', 'id', 'header', 'sealed', 'sealed_hash', 'rows'])
          .where('account', '=', accountKey(statements, account))
          .where('seq', '>', after)
          .where('seq', '<=', upTo)
          .orderBy('seq')
          .limit(64),
      );
      let bytes = 0;
      const fitting = found.filter(({ sealed, rows }, i) => (bytes += (sealed?.length ?? 0) + rows.length) <= bytesMax || i === 0);
      return fitting.map(({ seq, received_at, id, header, sealed, sealed_hash, rows }) => ({
        seq,
        receivedAt: received_at,
        record: { id: toHex(id) as SnapshotId, header, sealed: sealed ?? undefined, sealedHash: sealed_hash },
        rows,
      }));
    },
    eventsToGather({ after, upTo, limit }) {
      const found = kysely
        .selectFrom('events')
        .innerJoin('accounts', 'accounts.key', 'events.account')
        .select(['events.key as event', 'accounts.id as account', 'events.at as at', 'events.body as body'])
        .where('events.key', '>', after)
        .where('events.key', '<=', upTo)
        .orderBy('events.key')
        .limit(limit);
      return statements.rows(found).map(({ event, account, at, body }) => ({ event, account: toHex(account) as AccountId, at, body }));
    },
  };
}

function inlineSegment(statements: Statements, key: number): ReturnType<GatherReads['inlineSegments']>[number] {
  const row = statements.get<{ account: Uint8Array; device: Uint8Array; received_at: number; sha256: Uint8Array; content: Uint8Array }>(
    `select a.id as account, d.id as device, s.received_at, s.sha256, i.content from segments s
     join accounts a on a.key = s.account join devices d on d.key = s.device join inline_segments i on i.segment = s.key where s.key = ?`,
    key,
  )!;
  return {
    segment: key,
    account: toHex(row.account) as AccountId,
    device: toHex(row.device) as DeviceId,
    receivedAt: row.received_at,
    sha256: row.sha256,
    content: row.content,
  };
}
