import assert from 'node:assert/strict';
import { test } from 'node:test';
import { range, runSeeds } from './seeds.ts';

test('whatever was acknowledged restores, through crashes and faults: seeds 501 to 1,000', async () => {
  const { failures } = await runSeeds(range(501, 1_000));
  assert.deepEqual(failures, [], 'add these seeds to `regressions` in seeds.ts');
});
