import { equalBytes, fromHex, toHex } from '../../base/bytes.ts';
import { BackupError } from '../../base/errors.ts';
import type { MetadataWrites } from '../core/metadataWrites.ts';
import { requireRoomFor } from './accountLimits.ts';
import { addEvent, scopeKeys, workspaceKey } from './rows.ts';
import type { Statements } from './statements.ts';

type WorkspaceWrites = Pick<MetadataWrites, 'createWorkspace' | 'createLane' | 'createRing'>;

export function workspaceWrites(statements: Statements): WorkspaceWrites {
  const { kysely } = statements;
  return {
    createWorkspace({ scope, at, id, name }) {
      const { account } = scopeKeys(statements, scope);
      const taken = kysely
        .selectFrom('workspaces')
        .select(['id', 'name'])
        .where('account', '=', account)
        .where((where) => where.or([where('id', '=', fromHex(id)), where('name', '=', name)]));
      for (const other of statements.rows(taken)) {
        const otherId = toHex(other.id);
        if (otherId === id && other.name === name) return;
        throw new BackupError('conflict', 'Another workspace has this name or id.', { workspace: otherId });
      }
      requireRoomFor('workspaces', statements, account);
      statements.change(kysely.insertInto('workspaces').values({ account, id: fromHex(id), name, created_at: at }));
      addEvent(statements, { account, at, event: { kind: 'workspace', workspace: id, name } });
    },

    createLane({ scope, at, id, workspace, origin }) {
      const { account, device } = scopeKeys(statements, scope);
      const inWorkspace = workspaceKey(statements, account, workspace);
      const known = statements.row(
        kysely.selectFrom('lanes').select(['workspace', 'device', 'origin']).where('account', '=', account).where('id', '=', fromHex(id)),
      );
      if (known !== undefined) {
        if (known.device === device && known.workspace === inWorkspace && equalBytes(known.origin, fromHex(origin))) return;
        throw new BackupError('conflict', 'This lane belongs to another device or folder.');
      }
      requireRoomFor('lanes', statements, account);
      statements.change(
        kysely.insertInto('lanes').values({
          account,
          id: fromHex(id),
          workspace: inWorkspace,
          device,
          origin: fromHex(origin),
          created_at: at,
          head_n: 0,
          head_seq: 0,
        }),
      );
      addEvent(statements, { account, at, event: { kind: 'lane', lane: id, workspace, device: scope.device, origin } });
    },

    createRing({ scope, at, wrapped }) {
      const { account } = scopeKeys(statements, scope);
      const stored = statements.row(
        kysely.selectFrom('key_rings').select(['version', 'wrapped']).where('account', '=', account).orderBy('version', 'desc').limit(1),
      );
      if (stored !== undefined) return stored;
      statements.change(kysely.insertInto('key_rings').values({ account, version: 1, custody: 'managed', wrapped, created_at: at }));
      addEvent(statements, { account, at, event: { kind: 'ring', version: 1, wrapped: toHex(wrapped) } });
      return { version: 1, wrapped };
    },
  };
}
