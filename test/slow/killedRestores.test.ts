import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Dice } from '../../engine/testing/dice.ts';
import { openBench, type Bench } from '../e2e/bench.ts';
import { assertSameTree, readTreeState, treeDifferences, type EntryState } from '../e2e/treeState.ts';
import { mutateFolder } from './mutateFolder.ts';

const restores = 80;
const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? Date.now() % 2 ** 32);
const tolerant = { times: 'not-of-folders' } as const;

type State = ReadonlyMap<string, EntryState>;

test('in-place restores under kill -9 are finished or undone at the next start, and undo works after', { timeout: 1_500_000 }, async (context) => {
  context.diagnostic(`seed ${seed} (HOLDFAST_TEST_SEED)`);
  const dice = new Dice(seed);
  const bench = await openBench(context);
  const workspace = await bench.workspace('killed', { '.gitignore': '*.log\n', 'first.txt': 'first' });
  const known: { readonly snapshot: string; readonly state: State }[] = [];
  const outcomes = { before: 0, after: 0, killed: 0 };
  let typicalMs = 1_500;
  for (let round = 1; round <= restores; round++) {
    await mutateFolder(workspace, dice);
    await writeFile(join(workspace, 'ignored.log'), `log ${round}`);
    const before = await readTreeState(workspace);
    const pushed = await bench.client.json(['push', workspace]);
    known.push({ snapshot: pushed['snapshot'] as string, state: before });
    const target = dice.pick(known);
    const victim = dice.pick(['client', 'client', 'server'] as const);
    const { killed, tookMs } = await restoreUnderFire(bench, { workspace, snapshot: target.snapshot, victim, afterMs: dice.below(typicalMs * 1.2) });
    if (killed) outcomes.killed += 1;
    else typicalMs = tookMs;
    // Whatever opens the folder next brings the restore to an end; a dry run does nothing else.
    await bench.client.json(['push', workspace, '--dry-run']);
    const now = await readTreeState(workspace);
    const after = new Map(target.state).set('ignored.log', before.get('ignored.log')!);
    const end = endOf(now, { before, after });
    outcomes[end] += 1;
    if (end === 'after' && treeDifferences(before, after, tolerant).length > 0 && dice.chance(0.5)) {
      await bench.client.json(['undo'], { workingDirectory: workspace });
      assertSameTree(await readTreeState(workspace), before, tolerant);
    }
  }
  context.diagnostic(JSON.stringify(outcomes));
  assert.ok(outcomes.killed > restores / 8, 'hardly anything was killed in time');
  assert.equal((await bench.server.administer(['check'])).code, 0);
});

/** It is the one or the other, whole. */
function endOf(now: State, { before, after }: { readonly before: State; readonly after: State }): 'before' | 'after' {
  const fromAfter = treeDifferences(now, after, tolerant);
  if (fromAfter.length === 0) return 'after';
  const fromBefore = treeDifferences(now, before, tolerant);
  assert.equal(fromBefore.length, 0, `neither: ${fromBefore.slice(0, 5).join('; ')} — nor: ${fromAfter.slice(0, 5).join('; ')}`);
  return 'before';
}

async function restoreUnderFire(
  { client, server }: Bench,
  one: { readonly workspace: string; readonly snapshot: string; readonly victim: 'client' | 'server'; readonly afterMs: number },
): Promise<{ readonly killed: boolean; readonly tookMs: number }> {
  const startedAt = performance.now();
  const running = client.start(['restore', one.snapshot, '--in-place', '--delete', '--json'], { workingDirectory: one.workspace });
  await Promise.race([setTimeout(one.afterMs), running.ended]);
  if (one.victim === 'client') running.child.kill('SIGKILL');
  else {
    await server.kill();
    await server.start();
  }
  const { code } = await running.ended;
  return { killed: code !== 0, tookMs: performance.now() - startedAt };
}
