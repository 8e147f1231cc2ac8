import type { Closure } from '../core/closure.ts';
import type { MetadataWrites } from '../core/metadataWrites.ts';
import { accountWrites } from './accountWrites.ts';
import { ingestWrites } from './commitWrites.ts';
import { gatherWrites } from './gatherWrites.ts';
import type { Statements } from './statements.ts';
import { workspaceWrites } from './workspaceWrites.ts';

/** Every write over one connection. Each runs within a transaction that the caller opened. */
export function metadataWrites(statements: Statements, closure: Closure): MetadataWrites {
  return {
    ...accountWrites(statements),
    ...workspaceWrites(statements),
    ...ingestWrites(statements, closure),
    ...gatherWrites(statements),
  };
}
