import type { MetadataStore, ReadName, WriteOutcome } from '../core/metadata.ts';
import type { MetadataReads } from '../core/metadataReads.ts';
import { DatabaseThread } from './startWorker.ts';
import { outcomeFromPlain } from './workerMessages.ts';

/** Questions that every request or a person waits for; the others may look at a hundred thousand rows. */
const quickReads: ReadonlySet<ReadName> = new Set([
  'identity',
  'accounts',
  'findAccount',
  'devices',
  'findDevice',
  'ring',
  'workspaces',
  'lanes',
  'lanesOfOrigin',
  'snapshots',
  'findSnapshots',
  'history',
]);

/**
 * A metadata store over an SQLite file: one thread writes, one answers quick questions and one the long ones; none is
 * the caller's. The file must have been made and migrated (`prepareDataFolder`).
 */
export function threadedStore(file: string): MetadataStore {
  const writer = new DatabaseThread({ role: 'writer', file });
  const quickReader = new DatabaseThread({ role: 'reader', file });
  const longReader = new DatabaseThread({ role: 'reader', file });
  return {
    async commitBatch(requests) {
      const outcomes = (await writer.call({ kind: 'batch', requests })) as readonly WriteOutcome[];
      return outcomes.map(outcomeFromPlain);
    },
    async read(name, ...query) {
      const reader = quickReads.has(name) ? quickReader : longReader;
      return (await reader.call({ kind: 'read', name, query })) as ReturnType<MetadataReads[typeof name]>;
    },
    async close() {
      await Promise.all([quickReader.close(), longReader.close()]);
      // Last: only a writer can fold the log into the file, so that one file holds everything.
      await writer.close();
    },
  };
}
