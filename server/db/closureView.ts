import { fromHex } from '../../base/bytes.ts';
import { assert } from '../../base/errors.ts';
import { objectKinds } from '../../protocol/ids.ts';
import type { ObjectId } from '../../protocol/ids.ts';
import type { ClosureView, DeclaredChildren } from '../core/closure.ts';
import { Declarations } from './declarations.ts';
import type { Declaration } from './declarations.ts';
import type { ScopeKeys } from './rows.ts';
import { storedObjectSql } from './standing.ts';
import type { Statements } from './statements.ts';

/**
 * The number that `closed` of an object bears when it is closed now. What an account's copies declare can grow where a
 * lie comes to light or the truth is taken away; then everything above is closed no more, and nobody knows what lies
 * above: so the number goes on, and whoever commits walks again.
 */
export function closureEpoch(statements: Statements, account: number): number {
  const found = statements.get<{ closure_epoch: number }>('select closure_epoch from accounts where key = ?', account);
  assert(found, 'the account is there');
  return found.closure_epoch;
}

export function forgetClosures(statements: Statements, account: number): void {
  statements.run('update accounts set closure_epoch = closure_epoch + 1 where key = ?', account);
}

/** Stored objects as the walk of one commit sees them. */
export function closureView(statements: Statements, { account, device }: ScopeKeys): ClosureView {
  const declarations = new Declarations(statements, account);
  const epoch = closureEpoch(statements, account);
  const find = storedObjectSql(statements, account, 'o.kind, o.closed');
  return {
    find(id) {
      const row = statements.get<{ kind: number; closed: number }>(find, account, fromHex(id));
      return row && { closed: row.kind === objectKinds.chunk || row.closed === epoch };
    },
    children: (id) => childrenFor(device, declarations.of(id)),
    close(id) {
      statements.run('update objects set closed = ? where account = ? and id = ?', epoch, account, fromHex(id));
    },
  };
}

/** What the copies say to this device. */
export function childrenFor(device: number, copies: readonly Declaration[]): DeclaredChildren {
  const [only] = copies;
  if (only !== undefined && copies.length === 1) return { ids: only.ids, by: only.device === device ? 'own' : 'others', whole: true };
  const union = new Set<ObjectId>();
  const own = new Set<ObjectId>();
  let by: DeclaredChildren['by'] = 'others';
  for (const copy of copies) {
    if (copy.device === device) by = 'own';
    for (const id of copy.ids) {
      union.add(id);
      if (copy.device === device) own.add(id);
    }
  }
  return by === 'own' ? { ids: [...own], by, whole: own.size === union.size } : { ids: [...union], by, whole: true };
}
