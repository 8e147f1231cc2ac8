import { fromHex, toHex } from '../../base/bytes.ts';
import type { LaneHead, LaneInfo, StoredSnapshot } from '../../engine/ports/repository.ts';
import type { DeviceId, LaneId, OriginId, SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import { snapshotIdBytes } from '../../protocol/ids.ts';
import type { MetadataReads } from '../core/metadataReads.ts';
import { accountKey, workspaceKey } from './rows.ts';
import type { Statements } from './statements.ts';

type WorkspaceReads = Pick<MetadataReads, 'workspaces' | 'lanes' | 'lanesOfOrigin' | 'snapshots' | 'findSnapshots'>;

/** Enough to see that a prefix is ambiguous. */
const foundMax = 2;

export function workspaceReads(statements: Statements): WorkspaceReads {
  const { kysely } = statements;

  const lanes = kysely
    .selectFrom('lanes')
    .innerJoin('workspaces', 'workspaces.key', 'lanes.workspace')
    .innerJoin('devices', 'devices.key', 'lanes.device')
    .select([
      'lanes.id as lane',
      'workspaces.id as workspace',
      'devices.id as device',
      'devices.name as deviceName',
      'lanes.origin as origin',
      'lanes.head_n as headN',
      'lanes.head_id as headId',
    ])
    .orderBy('lanes.head_seq', 'desc')
    .orderBy('lanes.key', 'desc');

  const snapshots = kysely
    .selectFrom('snapshots')
    .innerJoin('workspaces', 'workspaces.key', 'snapshots.workspace')
    .innerJoin('lanes', 'lanes.key', 'snapshots.lane')
    .innerJoin('devices', 'devices.key', 'lanes.device')
    .select([
      'workspaces.id as workspace',
      'snapshots.seq as seq',
      'snapshots.received_at as receivedAt',
      'devices.name as deviceName',
      'snapshots.id as id',
      'snapshots.header as header',
      'snapshots.sealed as sealed',
      'snapshots.sealed_hash as sealedHash',
    ]);

  return {
    workspaces(account) {
      const found = kysely.selectFrom('workspaces').select(['key', 'id', 'name', 'created_at']).where('account', '=', accountKey(statements, account));
      return statements.rows(found.orderBy('key')).map((row) => {
        const complete = kysely.selectFrom('snapshots').select(['id', 'seq', 'received_at']).where('workspace', '=', row.key).where('partial', '=', 0);
        const newest = statements.row(complete.where('sealed', 'is not', null).orderBy('seq', 'desc').limit(1));
        return {
          id: toHex(row.id) as WorkspaceId,
          name: row.name,
          createdAt: row.created_at,
          latest: newest && { snapshot: toHex(newest.id) as SnapshotId, seq: newest.seq, receivedAt: newest.received_at },
        };
      });
    },
    lanes({ account, workspace }) {
      const key = workspaceKey(statements, accountKey(statements, account), workspace);
      return statements.rows(lanes.where('lanes.workspace', '=', key)).map(laneInfo);
    },
    lanesOfOrigin({ account, origin }) {
      const mine = lanes.where('lanes.account', '=', accountKey(statements, account));
      return statements.rows(mine.where('lanes.origin', '=', fromHex(origin))).map(laneInfo);
    },
    snapshots({ account, workspace, before, limit }) {
      const key = workspaceKey(statements, accountKey(statements, account), workspace);
      const all = snapshots.where('snapshots.workspace', '=', key).orderBy('snapshots.seq', 'desc').limit(limit);
      return statements.rows(before === undefined ? all : all.where('snapshots.seq', '<', before)).map(storedSnapshot);
    },
    findSnapshots({ account, prefix }) {
      const [from, to] = ['0', 'f'].map((digit) => fromHex(prefix.padEnd(2 * snapshotIdBytes, digit))) as [Uint8Array, Uint8Array];
      const mine = snapshots.where('snapshots.account', '=', accountKey(statements, account));
      return statements.rows(mine.where('snapshots.id', '>=', from).where('snapshots.id', '<=', to).limit(foundMax)).map(storedSnapshot);
    },
  };
}

interface LaneRow {
  readonly lane: Uint8Array;
  readonly workspace: Uint8Array;
  readonly device: Uint8Array;
  readonly deviceName: string;
  readonly origin: Uint8Array;
  readonly headN: number;
  readonly headId: Uint8Array | null;
}

function laneInfo(row: LaneRow): LaneInfo {
  const head: LaneHead | undefined = row.headId === null ? undefined : { n: row.headN, id: toHex(row.headId) as SnapshotId };
  return {
    id: toHex(row.lane) as LaneId,
    workspace: toHex(row.workspace) as WorkspaceId,
    device: toHex(row.device) as DeviceId,
    deviceName: row.deviceName,
    origin: toHex(row.origin) as OriginId,
    head,
  };
}

interface SnapshotRow {
  readonly workspace: Uint8Array;
  readonly seq: number;
  readonly receivedAt: number;
  readonly deviceName: string;
  readonly id: Uint8Array;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array | null;
  readonly sealedHash: Uint8Array;
}

function storedSnapshot({ workspace, seq, receivedAt, deviceName, id, header, sealed, sealedHash }: SnapshotRow): StoredSnapshot {
  const record = { id: toHex(id) as SnapshotId, header, sealed: sealed ?? undefined, sealedHash };
  return { workspace: toHex(workspace) as WorkspaceId, seq, receivedAt, deviceName, record };
}
