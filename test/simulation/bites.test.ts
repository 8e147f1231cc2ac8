import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { simulate } from './simulate.ts';
import { runSeeds } from './seeds.ts';
import { unsound } from './unsound.ts';

const fewSeeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe('the simulation bites', () => {
  for (const [what, strategies] of Object.entries(unsound)) {
    test(`it fails within a few seeds when ${what}`, async () => {
      const { failures } = await runSeeds(fewSeeds, strategies);
      assert.ok(failures.length >= 2, `${failures.length} of ${fewSeeds.length} seeds failed`);
    });
  }

  test('it does not fail when nothing is wrong', async () => {
    assert.deepEqual((await runSeeds(fewSeeds)).failures, []);
  });

  test('a seed decides everything: the same seed runs the same history', async () => {
    for (const seed of [11, 12]) assert.deepEqual(await simulate(seed), await simulate(seed));
  });
});
