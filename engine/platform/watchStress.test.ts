import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';
import { type BytePath, isWithin } from '../core/byteString.ts';
import { Dice } from '../testing/dice.ts';
import { DiskFolder } from '../testing/diskFolder.ts';
import { absolutePath } from './nativePath.ts';
import { type FolderEvent, watchFolder } from './watchFolder.ts';

const rounds = Number(process.env['HOLDFAST_RUNS'] ?? 12);
/** Longer than the watcher collects. */
const quietMs = 400;

/** Folders that are made, renamed, moved in and out and removed, with all that is in them. */
class Commotion {
  readonly root: string;
  readonly #outside: string;
  readonly #dice: Dice;
  #fresh = 0;

  constructor({ root, outside, dice }: { readonly root: string; readonly outside: string; readonly dice: Dice }) {
    this.root = root;
    this.#outside = outside;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const dice = this.#dice;
    const directories = await this.#directories();
    const at = dice.pick(directories);
    const fresh = join(this.#outside, `o${this.#fresh++}`);
    const kind = dice.pick(['make', 'write', 'write', 'in', ...(at === this.root ? [] : ['rename', 'out', 'remove'])]);
    if (kind === 'make') await fs.mkdir(join(at, `n${dice.below(6)}`, 'x', `y${dice.below(3)}`), { recursive: true });
    else if (kind === 'write') await fs.writeFile(join(at, `f${dice.below(6)}.txt`), String(dice.next()));
    else if (kind === 'remove') await fs.rm(at, { recursive: true });
    else if (kind === 'out') await fs.rename(at, fresh);
    else if (kind === 'rename') await rename(at, join(dice.pick(directories), `m${dice.below(6)}`));
    else {
      await fs.mkdir(join(fresh, 'p/q/r'), { recursive: true });
      await fs.writeFile(join(fresh, 'p/q/r/f'), '1');
      await rename(fresh, join(at, `i${dice.below(4)}`));
    }
    if (dice.chance(0.3)) await setTimeout(dice.below(80));
  }

  /** What there is, by path; different when anything about it changed. */
  async state(): Promise<ReadonlyMap<BytePath, string>> {
    const state = new Map<BytePath, string>();
    for (const directory of await this.#directories()) {
      for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
        const path = join(directory, entry.name);
        const { ino, size, mtimeNs } = await fs.lstat(path, { bigint: true });
        state.set(path.slice(this.root.length + 1) as BytePath, entry.isDirectory() ? `directory ${ino}` : `file ${ino} ${size} ${mtimeNs}`);
      }
    }
    return state;
  }

  async #directories(): Promise<readonly string[]> {
    const found = [this.root];
    for (const directory of found) {
      for (const entry of await fs.readdir(directory, { withFileTypes: true })) if (entry.isDirectory()) found.push(join(directory, entry.name));
    }
    return found;
  }
}

/** Onto something that is there, or into itself, it fails; then nothing happened. */
async function rename(from: string, to: string): Promise<void> {
  try {
    await fs.rename(from, to);
  } catch {
    // See above.
  }
}

test('misses nothing, however folders come, go and change their names', { skip: process.platform === 'win32' && 'a watched folder cannot be renamed there' }, async (t) => {
  const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 1e6));
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  const dice = new Dice(seed);
  const folder = await DiskFolder.create({ after: (run) => t.after(run) });
  await fs.mkdir(folder.at('in/a/b/c'), { recursive: true });
  await fs.mkdir(folder.at('out'));
  const commotion = new Commotion({ root: folder.at('in'), outside: folder.at('out'), dice });
  let events: FolderEvent[] = [];
  const watcher = await watchFolder({ root: absolutePath(commotion.root), onEvent: (event) => events.push(event) });
  t.after(async () => await watcher.close());
  let before = await commotion.state();
  for (let round = 0; round < rounds; round++) {
    events = [];
    for (let steps = dice.below(6); steps >= 0; steps--) await commotion.step();
    await setTimeout(quietMs);
    const after = await commotion.state();
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
    const missed = changed.filter((path) => !events.some((event) => event.kind === 'rescan' || [...event.paths].some((dirty) => isWithin(path, dirty))));
    assert.deepEqual(missed, [], `seed ${seed}, round ${round}`);
    before = after;
  }
});
