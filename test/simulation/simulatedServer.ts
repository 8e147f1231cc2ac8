import { DatabaseSync } from 'node:sqlite';
import { toHex } from '../../base/bytes.ts';
import { silentLog } from '../../engine/platform/log.ts';
import type { Clock, Primitives } from '../../engine/ports/primitives.ts';
import type { Dice } from '../../engine/testing/dice.ts';
import { checkStored } from '../../server/core/check.ts';
import type { CheckProblem } from '../../server/core/checkTypes.ts';
import { walkTurn } from '../../server/core/closure.ts';
import type { Closure } from '../../server/core/closure.ts';
import type { MetadataStore } from '../../server/core/metadata.ts';
import { unwrapRing } from '../../server/core/ring.ts';
import { StoredServer } from '../../server/core/storedServer.ts';
import type { VolumeDisk } from '../../server/core/volumeDisk.ts';
import { inlineStore } from '../../server/db/inlineStore.ts';
import { openDatabase } from '../../server/db/openDatabase.ts';
import type { InstanceId } from '../../protocol/ids.ts';
import { Life } from './life.ts';
import { SimulatedDisk } from './simulatedDisk.ts';

/** What the server is made of; a test replaces one to see that the simulation notices. */
export interface Strategies {
  readonly closure: Closure;
  readonly disk: (disk: SimulatedDisk) => VolumeDisk;
  /** Asked once a process. */
  readonly store: (sound: MetadataStore, parts: { readonly database: DatabaseSync; readonly closure: Closure }) => MetadataStore;
}

export const soundStrategies: Strategies = {
  closure: (root, view) => walkTurn(root, view, turnFindsMin),
  disk: (disk) => disk,
  store: (sound) => sound,
};

/** Small, so that a commit takes several turns. */
const turnFindsMin = 12;
/** Small, so that a few small packs take both ways and fill several volumes. */
const inlineBytesMax = 2_000;
const volumeBytesTarget = 20_000;
const forever = Number.MAX_SAFE_INTEGER;

const migrated = openDatabase(':memory:').then((database) => {
  const bytes = database.serialize();
  database.close();
  return bytes;
});

/**
 * The real server core over a database in memory, which a crash leaves as of its last commit, and a disk that loses
 * what was not flushed. Processes come and go; these two stay.
 */
export class SimulatedServer {
  readonly disk: SimulatedDisk;
  readonly primitives: Primitives;
  crashes = 0;
  life = new Life(forever);
  core!: StoredServer;
  readonly database: DatabaseSync;
  readonly #strategies: Strategies;
  readonly #store: MetadataStore;
  readonly #masterKey: Uint8Array;
  #now = 1_700_000_000_000;

  private constructor({ database, dice, primitives, strategies }: SimulatedServerParts & { readonly database: DatabaseSync }) {
    this.database = database;
    this.primitives = primitives;
    this.#strategies = strategies;
    this.#store = inlineStore(database, strategies.closure);
    this.#masterKey = primitives.random.bytes(32);
    this.disk = new SimulatedDisk(dice);
  }

  static async open(parts: SimulatedServerParts): Promise<SimulatedServer> {
    const database = new DatabaseSync(':memory:');
    database.deserialize(await migrated);
    const server = new SimulatedServer({ ...parts, database });
    await server.start();
    return server;
  }

  /** Starts a process on what there is. */
  async start(): Promise<void> {
    const life = new Life(forever);
    this.life = life;
    const { primitives } = this;
    const { closure } = this.#strategies;
    const store = mortalStore(life, this.#strategies.store(this.#store, { database: this.database, closure }));
    const disk = mortalDisk(life, this.#strategies.disk(this.disk));
    const clock: Clock = { now: () => this.#now++, sleep: () => new Promise(() => undefined) };
    this.core = new StoredServer({
      instance: toHex(this.#masterKey.subarray(0, 16)) as InstanceId,
      masterKey: this.#masterKey,
      store,
      disk,
      primitives,
      digest: async (bytes) => primitives.hasher.sha256(bytes),
      inlineBytesMax,
      volumeBytesTarget,
      clock,
      log: silentLog,
      check: () => this.check(),
    });
    await Promise.race([this.core.cleanUp(), life.death]);
  }

  /** Power off and on again; starting may crash too. */
  async restart(): Promise<void> {
    this.crashes += 1;
    if (!this.life.dead) this.life.crash();
    if (this.database.isTransaction) this.database.exec('rollback');
    this.disk.crash();
    await this.start();
  }

  /** The database takes so many more pages and then none, or with undefined as many as it likes. */
  limitDatabase(morePages: number | undefined): void {
    const { page_count: pages } = this.database.prepare('pragma page_count').get() as { page_count: number };
    this.database.exec(`pragma max_page_count = ${morePages === undefined ? 1_073_741_823 : pages + morePages}`);
  }

  async problems(): Promise<readonly CheckProblem[]> {
    const problems: CheckProblem[] = [];
    for await (const finding of this.check()) if (finding.kind === 'problem') problems.push(finding);
    return problems;
  }

  check(): ReturnType<typeof checkStored> {
    const { hasher } = this.primitives;
    const openRing = (account: Parameters<typeof unwrapRing>[1]['account'], wrapped: Uint8Array): void => {
      unwrapRing(wrapped, { account, masterKey: this.#masterKey, parts: this.primitives });
    };
    return checkStored({ store: this.#store, disk: this.disk, hasher, openRing, signal: new AbortController().signal });
  }

  close(): void {
    this.database.close();
  }
}

export interface SimulatedServerParts {
  readonly dice: Dice;
  readonly primitives: Primitives;
  readonly strategies: Strategies;
}

function mortalStore(life: Life, store: MetadataStore): MetadataStore {
  return {
    commitBatch: (requests) => life.act(() => store.commitBatch(requests)),
    read: (name, ...query) => life.act(() => store.read(name, ...query)),
    close: () => store.close(),
  };
}

function mortalDisk(life: Life, disk: VolumeDisk): VolumeDisk {
  return {
    write: (...call) => life.act(() => disk.write(...call)),
    sync: (...call) => life.act(() => disk.sync(...call)),
    truncate: (...call) => life.act(() => disk.truncate(...call)),
    read: (...call) => life.act(() => disk.read(...call)),
    list: () => life.act(() => disk.list()),
    remove: (...call) => life.act(() => disk.remove(...call)),
  };
}
