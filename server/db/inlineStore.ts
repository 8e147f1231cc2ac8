import type { DatabaseSync } from 'node:sqlite';
import type { Closure } from '../core/closure.ts';
import type { MetadataStore, WriteOutcome, WriteRequest } from '../core/metadata.ts';
import type { MetadataReads } from '../core/metadataReads.ts';
import { metadataReads } from './reads.ts';
import { runBatch, runRead } from './runBatch.ts';
import { Statements } from './statements.ts';
import { metadataWrites } from './writes.ts';

/**
 * A metadata store on the caller's own thread: for short-lived commands (`user add`) and for the simulation, where
 * nothing may run beside anything else. It runs the same statements as the worker. The caller closes the database.
 */
export function inlineStore(database: DatabaseSync, closure: Closure): MetadataStore {
  const statements = new Statements(database);
  const writes = metadataWrites(statements, closure);
  const reads = metadataReads(statements);
  return {
    async commitBatch(requests: readonly WriteRequest[]): Promise<readonly WriteOutcome[]> {
      return runBatch(database, writes, requests);
    },
    async read(name, ...query) {
      const read = reads[name] as (...query: unknown[]) => ReturnType<MetadataReads[typeof name]>;
      return runRead(database, () => read(...query));
    },
    async close() {},
  };
}
