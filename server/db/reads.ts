import type { MetadataReads } from '../core/metadataReads.ts';
import { accountReads } from './accountReads.ts';
import { checkReads } from './checkReads.ts';
import { gatherReads } from './gatherReads.ts';
import { readHistory } from './historyRead.ts';
import { objectReads } from './objectReads.ts';
import type { Statements } from './statements.ts';
import { workspaceReads } from './workspaceReads.ts';

/** Every question over one connection. */
export function metadataReads(statements: Statements): MetadataReads {
  return {
    ...accountReads(statements),
    ...workspaceReads(statements),
    ...objectReads(statements),
    ...gatherReads(statements),
    ...checkReads(statements),
    history: (query) => readHistory(statements, query),
  };
}
