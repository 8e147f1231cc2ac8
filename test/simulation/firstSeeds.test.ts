import assert from 'node:assert/strict';
import { test } from 'node:test';
import { range, regressions, runSeeds } from './seeds.ts';

// The other half runs beside it, in lastSeeds.test.ts. One seed alone: node test/simulation/runSeed.ts SEED
test('whatever was acknowledged restores, through crashes and faults: regressions and seeds 1 to 500', async () => {
  const { failures, acknowledged, crashes, gathered } = await runSeeds([...regressions, ...range(1, 500)]);
  assert.deepEqual(failures, [], 'add these seeds to `regressions` in seeds.ts');
  assert.ok(acknowledged > 5_000 && crashes > 1_000 && gathered > 2_000, 'the histories are not idle ones');
});
