import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { nodeFiles } from '../../platform/nodeFiles.ts';
import type { Files } from '../../ports/files.ts';
import type { Repository } from '../../ports/repository.ts';
import type { StateFolder } from '../../ports/stateFolder.ts';
import { FolderWorld } from '../../testing/folderWorld.ts';

/**
 * A process that makes `callsLeft` calls to the world outside. The next is the last: it is done or not, and nothing
 * is heard of it or of anything after it.
 */
class Life {
  calls = 0;
  readonly end: Promise<void>;
  readonly #callsLeft: number;
  readonly #lastIsDone: boolean;
  #die: () => void = () => {};

  constructor(callsLeft: number, { lastIsDone }: { readonly lastIsDone: boolean }) {
    this.#callsLeft = callsLeft;
    this.#lastIsDone = lastIsDone;
    this.end = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  wrap<T extends object>(inner: T): T {
    return new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'join') return value;
        return (...given: unknown[]) => this.#live(async () => (await value.apply(target, given)) as unknown);
      },
    });
  }

  async #live<T>(call: () => Promise<T>): Promise<T> {
    const moment = this.calls++;
    if (moment < this.#callsLeft) return await call();
    if (moment === this.#callsLeft && this.#lastIsDone) await call();
    this.#die();
    return await new Promise<never>(() => {});
  }
}

/** Two pushes, one of them while the server is away, and a third that sends all. */
async function scenario(world: FolderWorld, life: Life, said: { labelled: boolean }): Promise<void> {
  const files: Files = life.wrap(nodeFiles);
  const [state, outbox] = [life.wrap<StateFolder>(world.state), life.wrap<StateFolder>(world.outbox)];
  const options = { files, state, outbox, repository: life.wrap<Repository>(world.network.repository) };
  const engine = await world.engine(options);
  await world.push(engine);
  await world.folder.write('dir/b', '2');
  await world.save(engine, 'dir/b');
  world.network.cut();
  await world.folder.write('dir/c', '3');
  await world.push(engine, { dirty: new Set(['dir/c'] as never[]), message: 'label' });
  said.labelled = true;
  await world.folder.write('a', '4');
  await world.save(engine, 'a');
  world.network.heal();
  const next = await world.engine(options);
  await world.push(next);
  await world.folder.write('e', '5');
  await world.push(next);
}

async function runUntil(callsLeft: number, options: { readonly lastIsDone: boolean; readonly test: { after(run: () => Promise<void>): void } }): Promise<boolean> {
  const world = await FolderWorld.create(options.test);
  await world.folder.write('a', '1');
  await world.folder.write('dir/b', '1');
  const life = new Life(callsLeft, options);
  const said = { labelled: false };
  const finished = await Promise.race([scenario(world, life, said).then(() => true), life.end.then(() => false)]);
  world.network.heal();
  const engine = await world.engine();
  const report = await world.push(engine);
  const where = `killed after ${callsLeft} calls`;
  assert.ok(report.outcome === 'acknowledged' || report.outcome === 'unchanged', where);
  assert.equal(engine.waiting, 0, where);
  const snapshots = world.snapshots();
  for (const { header } of snapshots) await world.stored(header);
  if (said.labelled) assert.ok(snapshots.some(({ details }) => details.message === 'label'), `${where}: what was queued arrived`);
  assert.deepEqual(snapshots.map(({ header }) => header.n), snapshots.map((_, i) => i + 1), `${where}: one lane, whole`);
  const wanted: Record<string, string> = {};
  for (const name of ['a', 'dir/b', 'dir/c', 'e']) {
    if (existsSync(world.folder.at(name))) wanted[name] = await world.folder.read(name);
  }
  assert.deepEqual(await world.stored(snapshots.at(-1)!.header), { ...wanted, 'dir/': '' }, where);
  return finished;
}

for (const lastIsDone of [false, true]) {
  test(`a kill at any moment loses nothing and forks nothing; the last call ${lastIsDone ? 'is' : 'is not'} done`, async (t) => {
    const cleanUps: (() => Promise<void>)[] = [];
    t.after(async () => {
      for (const run of cleanUps) await run();
    });
    const test = { after: (run: () => Promise<void>) => void cleanUps.push(run) };
    let calls = 0;
    while (!(await runUntil(calls, { lastIsDone, test }))) calls += 1;
    assert.ok(calls > 80, `${calls} moments`);
  });
}
