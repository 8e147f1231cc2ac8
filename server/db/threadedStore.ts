import type { MetadataStore, WriteOutcome } from '../core/metadata.ts';
import type { MetadataReads } from '../core/metadataReads.ts';
import { DatabaseThread } from './startWorker.ts';
import { outcomeFromPlain } from './workerMessages.ts';

/**
 * A metadata store over an SQLite file: one thread writes, another reads, neither is the caller's. The file must
 * have been made and migrated (`prepareDatabase`).
 */
export function threadedStore(file: string): MetadataStore {
  const writer = new DatabaseThread({ role: 'writer', file });
  const reader = new DatabaseThread({ role: 'reader', file });
  return {
    async commitBatch(requests) {
      const outcomes = (await writer.call({ kind: 'batch', requests })) as readonly WriteOutcome[];
      return outcomes.map(outcomeFromPlain);
    },
    async read(name, ...query) {
      return (await reader.call({ kind: 'read', name, query })) as ReturnType<MetadataReads[typeof name]>;
    },
    async close() {
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}
