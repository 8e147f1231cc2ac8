import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { openBench, type Bench } from '../e2e/bench.ts';
import type { Json } from '../e2e/testClient.ts';
import { assertSameTree, readTreeState, type EntryState } from '../e2e/treeState.ts';
import { Dice } from '../../engine/testing/dice.ts';
import { mutateFolder } from './mutateFolder.ts';

const pushes = 240;
/** Restoring everything after every kill would only test the restore: some between, all at the end. */
const checkedEvery = 40;
const checkedBetweenMax = 6;

const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? Date.now() % 2 ** 32);

test('hundreds of kill -9 during pushes lose nothing that was acknowledged', { timeout: 1_500_000 }, async (context) => {
  context.diagnostic(`seed ${seed} (HOLDFAST_TEST_SEED)`);
  const dice = new Dice(seed);
  const bench = await openBench(context);
  const workspace = await bench.workspace('killed', { 'first.txt': 'first' });
  const typicalMs = await timeOfOnePush(bench, workspace);
  const acknowledged: Acknowledged[] = [];
  let killed = 0;
  for (let push = 1; push <= pushes; push++) {
    await mutateFolder(workspace, dice);
    const state = await readTreeState(workspace);
    const document = await pushUnderFire({ bench, workspace, victim: dice.pick(['client', 'server', 'nobody']), afterMs: dice.below(typicalMs * 1.3) });
    if (document === undefined) killed += 1;
    else acknowledged.push({ snapshot: document['snapshot'] as string, state });
    if (push % checkedEvery === 0) await checkAll({ bench, acknowledged: sample(acknowledged, dice) });
  }
  context.diagnostic(`${killed} of ${pushes} pushes were cut off, ${acknowledged.length} acknowledged`);
  assert.ok(killed > pushes / 10, 'hardly anything was killed in time');
  const last = await bench.client.json(['push', workspace]);
  assert.ok(typeof last['snapshot'] === 'string');
  await checkAll({ bench, acknowledged: [...acknowledged, { snapshot: last['snapshot'], state: await readTreeState(workspace) }] });
});

interface Acknowledged {
  readonly snapshot: string;
  readonly state: ReadonlyMap<string, EntryState>;
}

async function timeOfOnePush({ client }: Bench, workspace: string): Promise<number> {
  const startedAt = performance.now();
  await client.json(['push', workspace]);
  return Math.ceil(performance.now() - startedAt);
}

/** Answers what push printed, or undefined when it could not finish. The server runs again afterwards. */
async function pushUnderFire(one: {
  readonly bench: Bench;
  readonly workspace: string;
  readonly victim: 'client' | 'server' | 'nobody';
  readonly afterMs: number;
}): Promise<Json | undefined> {
  const { client, server } = one.bench;
  const running = client.start(['push', one.workspace, '--json']);
  await Promise.race([setTimeout(one.afterMs), running.ended]);
  if (one.victim === 'client') running.child.kill('SIGKILL');
  if (one.victim === 'server') {
    await server.kill();
    await server.start();
  }
  const { code, signal, stdout, stderr } = await running.ended;
  if (signal === 'SIGKILL') return undefined;
  assert.ok(code === 0, `push ended with ${code}: ${stdout.toString()} ${stderr}`);
  return JSON.parse(stdout.toString()) as Json;
}

async function checkAll({ bench, acknowledged }: { readonly bench: Bench; readonly acknowledged: readonly Acknowledged[] }): Promise<void> {
  const checked = await bench.server.administer(['check']);
  assert.equal(checked.code, 0, `${checked.stdout.toString()} ${checked.stderr}`);
  const target = join(bench.folder, 'restored');
  for (const { snapshot, state } of acknowledged) {
    await bench.client.json(['restore', snapshot, '--to', target]);
    assertSameTree(await readTreeState(target), state);
    await rm(target, { recursive: true });
  }
}

function sample(acknowledged: readonly Acknowledged[], dice: Dice): readonly Acknowledged[] {
  const left = [...acknowledged];
  return Array.from({ length: Math.min(checkedBetweenMax, left.length) }, () => left.splice(dice.below(left.length), 1)[0]!);
}
