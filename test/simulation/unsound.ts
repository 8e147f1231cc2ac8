import type { MetadataStore, WriteOutcome, WriteRequest } from '../../server/core/metadata.ts';
import { runBatch } from '../../server/db/runBatch.ts';
import { Statements } from '../../server/db/statements.ts';
import { metadataWrites } from '../../server/db/writes.ts';
import { soundStrategies } from './simulatedServer.ts';
import type { Strategies } from './simulatedServer.ts';

/** Servers with one safety taken out: the simulation must notice each. They exist here only. */
export const unsound = {
  'the closure walk is off': { ...soundStrategies, closure: () => [] },
  'volumes are not flushed': { ...soundStrategies, disk: (disk) => ({ ...boundDisk(disk), sync: async () => {} }) },
  'a commit is acknowledged before it is stored': { ...soundStrategies, store: acknowledgeEarly },
} as const satisfies Readonly<Record<string, Strategies>>;

function boundDisk(disk: Parameters<Strategies['disk']>[0]): ReturnType<Strategies['disk']> {
  return {
    write: (...call) => disk.write(...call),
    sync: (...call) => disk.sync(...call),
    truncate: (...call) => disk.truncate(...call),
    read: (...call) => disk.read(...call),
    list: () => disk.list(),
    remove: (...call) => disk.remove(...call),
  };
}

/** Tries a batch out to know the answers, and stores it when the next call comes. */
function acknowledgeEarly(...[sound, { database, closure }]: Parameters<Strategies['store']>): MetadataStore {
  const writes = metadataWrites(new Statements(database), closure);
  let later: readonly WriteRequest[] = [];
  function storeLater(): void {
    const batch = later;
    later = [];
    try {
      if (batch.length > 0) runBatch(database, writes, batch);
    } catch {
      // Nobody is left to tell: that is what is wrong with it.
    }
  }
  return {
    ...sound,
    async commitBatch(requests): Promise<readonly WriteOutcome[]> {
      storeLater();
      database.exec('begin immediate');
      const outcomes = requests.map(({ name, request }): WriteOutcome => {
        try {
          return { kind: 'done', value: (writes[name] as (request: unknown) => unknown)(request) };
        } catch (error) {
          return { kind: 'refused', error };
        }
      });
      if (database.isTransaction) database.exec('rollback');
      later = requests;
      return outcomes;
    },
    read(name, ...query) {
      storeLater();
      return sound.read(name, ...query);
    },
  };
}
