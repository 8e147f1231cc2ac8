import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isBackupError } from '../../base/errors.ts';
import { ByteBudget, type Place } from './byteBudget.ts';

const limits = { bytesMax: 10, accountBytesMax: 6, shareBytes: 3, waitingMax: 3 };
const { signal } = new AbortController();

/** What became of a reservation by now. */
async function settled(place: Promise<Place>): Promise<boolean> {
  let done = false;
  void place.then(() => (done = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('the bytes that requests hold in memory', () => {
  test('never exceed the bound, and are given back', async () => {
    const budget = new ByteBudget(limits);
    const a = await budget.reserve({ bytes: 6, account: 'a', signal });
    const b = await budget.reserve({ bytes: 4, account: 'b', signal });
    const c = budget.reserve({ bytes: 1, account: 'c', signal });
    assert.equal(await settled(c), false);
    a.dispose();
    a.dispose();
    assert.equal(await settled(c), true);
    (await c).dispose();
    b.dispose();
    assert.equal(budget.bytes, 0);
  });

  test('let an account that has its share wait without holding up the others', async () => {
    const budget = new ByteBudget(limits);
    const first = await budget.reserve({ bytes: 6, account: 'a', signal });
    const more = budget.reserve({ bytes: 1, account: 'a', signal });
    const other = budget.reserve({ bytes: 4, account: 'b', signal });
    assert.equal(await settled(other), true);
    assert.equal(await settled(more), false);
    first.shrinkTo(2);
    assert.equal(await settled(more), true);
  });

  test('keep the place of the first that waits, however small the later ones are', async () => {
    const budget = new ByteBudget(limits);
    const held = await budget.reserve({ bytes: 6, account: 'a', signal });
    const large = budget.reserve({ bytes: 6, account: 'b', signal });
    const small = budget.reserve({ bytes: 1, account: 'c', signal });
    assert.equal(await settled(small), false);
    held.dispose();
    assert.equal(await settled(large), true);
    assert.equal(await settled(small), true);
  });

  test('refuse what can never fit, and more waiting than allowed', async () => {
    const budget = new ByteBudget(limits);
    await assert.rejects(budget.reserve({ bytes: 7, account: 'a', signal }), (error) => isBackupError(error, 'limit'));
    await budget.reserve({ bytes: 6, account: 'a', signal });
    await budget.reserve({ bytes: 4, account: 'b', signal });
    for (const account of ['c', 'd', 'e']) void budget.reserve({ bytes: 1, account, signal });
    await assert.rejects(budget.reserve({ bytes: 1, account: 'f', signal }), (error) => isBackupError(error, 'unavailable'));
  });

  test('forget who stops waiting', async () => {
    const budget = new ByteBudget(limits);
    await budget.reserve({ bytes: 6, account: 'a', signal });
    const gone = new AbortController();
    const large = budget.reserve({ bytes: 6, account: 'b', signal: gone.signal });
    const small = budget.reserve({ bytes: 1, account: 'c', signal });
    gone.abort(new Error('gone'));
    await assert.rejects(large, /gone/);
    assert.equal(await settled(small), true);
    assert.equal(budget.bytes, 7);
  });

  test('are all given back after any sequence, and nobody is left waiting', async () => {
    const wish = fc.record({ bytes: fc.integer({ min: 0, max: 6 }), account: fc.constantFrom('a', 'b', 'c') });
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 20 }), async (wishes) => {
        const budget = new ByteBudget({ ...limits, waitingMax: 100 });
        await Promise.all(
          wishes.map(async ({ bytes, account }) => {
            const place = await budget.reserve({ bytes, account, signal });
            assert.ok(budget.bytes <= limits.bytesMax);
            await new Promise((resolve) => setImmediate(resolve));
            place.dispose();
          }),
        );
        assert.equal(budget.bytes, 0);
      }),
      { numRuns: 100 },
    );
  });
});
