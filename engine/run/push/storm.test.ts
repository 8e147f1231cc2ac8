import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { Dice } from '../../testing/dice.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';
import type { FolderEngine } from '../folderEngine.ts';

const seeds = Number(process.env['HOLDFAST_STORM_SEEDS'] ?? 25);
const firstSeed = Number(process.env['HOLDFAST_STORM_SEED'] ?? 1);
const steps = 25;
const names = ['a', 'b', 'dir/c', 'dir/d', 'dir/deep/e'];

/** A folder that is edited and pushed while requests and answers get lost, the process restarts and objects vanish. */
class Storm {
  readonly world: FolderWorld;
  readonly dice: Dice;
  readonly dirty = new Set<string>();
  /** What the folder held when a push of everything was acknowledged. */
  readonly acknowledged = new Map<SnapshotId, Readonly<Record<string, string>>>();
  /** What the server had when it lost something; it may have taken one of them in without our hearing of it. */
  readonly damaged = new Set<SnapshotId>();
  engine: FolderEngine | undefined;

  constructor(world: FolderWorld, seed: number) {
    this.world = world;
    this.dice = new Dice(seed);
  }

  async step(): Promise<void> {
    const { dice, world } = this;
    switch (dice.below(10)) {
      case 0:
      case 1:
      case 2:
        await this.#edit();
        break;
      case 3:
        world.network.plan = () => dice.pick(['none', 'none', 'lost', 'unanswered'] as const);
        break;
      case 4:
        world.network.heal();
        break;
      case 5:
        world.network.cut();
        break;
      case 6:
        this.engine = undefined;
        break;
      case 7:
        this.#loseObjects();
        break;
      default:
        await this.push();
    }
  }

  /** By scan, or by what was edited since the last push of this process. */
  async push(): Promise<void> {
    const { world, dirty } = this;
    const all = this.engine === undefined || this.dice.chance(0.4);
    this.engine ??= await world.engine({ limits: { patienceMs: 1_000, sentBytesMax: this.dice.pick([0, 1_000_000]) } });
    const held = await contentOf(world);
    const report = await world.push(this.engine, all ? {} : { dirty: new Set(dirty) as never, trigger: 'save' });
    dirty.clear();
    if (report.outcome === 'acknowledged' && report.snapshot !== undefined) this.acknowledged.set(report.snapshot, held);
  }

  async #edit(): Promise<void> {
    const name = this.dice.pick(names);
    this.dirty.add(name);
    if (this.dice.chance(0.25)) await fs.rm(this.world.folder.at(name), { force: true });
    else await this.world.folder.write(name, `${this.dice.below(1_000_000)}`);
    // A watcher names a folder that is new as well.
    if (name.includes('/')) this.dirty.add('dir');
  }

  /** As a disk of the server may lose them. What was acknowledged with them is gone; what comes must be whole. */
  #loseObjects(): void {
    if (!this.dice.chance(0.3)) return;
    const { objects } = this.world.server.account(this.world.account);
    for (const id of objects.keys()) if (this.dice.chance(0.3)) objects.delete(id);
    for (const object of objects.values()) object.closed = false;
    for (const { id } of this.world.snapshots()) this.damaged.add(id);
  }
}

async function contentOf(world: FolderWorld): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const { text } = world.folder;
  for (const entry of await fs.readdir(text, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`.slice(text.length + 1);
    if (entry.isFile()) found[path] = await fs.readFile(`${text}/${path}`, 'latin1');
    else found[`${path}/`] = '';
  }
  return found;
}

test('whatever gets lost on the way, what is acknowledged is whole and the newest state arrives', async (t) => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const cleanUps: (() => Promise<void>)[] = [];
    const world = await FolderWorld.create({ after: (run) => void cleanUps.push(run) });
    const storm = new Storm(world, seed);
    try {
      for (let i = 0; i < steps; i++) await storm.step();
      world.network.heal();
      // What the server lost behind an acknowledgement shows when it is asked about everything.
      await world.push(await world.engine(), { force: true });
      const snapshots = world.snapshots();
      assert.deepEqual(await world.stored(snapshots.at(-1)!.header), await contentOf(world));
      assert.deepEqual(snapshots.map(({ header }) => header.n), snapshots.map((_, i) => i + 1), 'one lane, whole');
      for (const { header, id } of snapshots) {
        const held = storm.acknowledged.get(id);
        if (held !== undefined && !storm.damaged.has(id)) assert.deepEqual(await world.stored(header), held);
      }
    } catch (error) {
      t.diagnostic(`seed ${seed}: HOLDFAST_STORM_SEED=${seed} HOLDFAST_STORM_SEEDS=1`);
      throw error;
    } finally {
      for (const run of cleanUps) await run();
    }
  }
});
