import assert from 'node:assert/strict';
import test from 'node:test';
import { killRestores, killUndos } from '../../engine/testing/restoreKills.ts';

for (const acknowledged of [true, false]) {
  const how = acknowledged ? 'online' : 'offline';
  await test(`a restore killed at every single step is finished or undone, and undo brings everything back (${how})`, async (t) => {
    const { finished, undone } = await killRestores(t, { acknowledged, first: 1, step: 1 });
    assert.ok(finished > 5 && undone > 5, `${finished} finished, ${undone} undone`);
  });

  await test(`an undo killed at every single step is finished or undone too (${how})`, async (t) => {
    await killUndos(t, { acknowledged, first: 1, step: 1 });
  });
}
