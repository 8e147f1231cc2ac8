import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { systemClock } from '../platform/clock.ts';

const patienceMs = 2_000;
const { signal } = new AbortController();
/** What Node itself keeps, and what the test runner uses to report. */
const ownKinds = new Set(['TTYWrap', 'PipeWrap', 'Immediate', 'CloseReq']);

/**
 * Call it at the top of a suite: after its tests nothing that keeps a process alive (timers, sockets, servers, file
 * handles, watchers) may be left that was not there before.
 */
export function checkLeaks(): void {
  let atFirst: ReadonlyMap<string, number> = new Map();
  before(() => {
    atFirst = countKinds();
  });
  after(async () => {
    const deadline = systemClock.now() + patienceMs;
    let leaks = leaksSince(atFirst);
    // Closing takes a few turns.
    while (leaks.length > 0 && systemClock.now() < deadline) {
      await systemClock.sleep(5, { signal });
      leaks = leaksSince(atFirst);
    }
    assert.deepEqual(leaks, [], 'something is left open');
  });
}

function leaksSince(earlier: ReadonlyMap<string, number>): string[] {
  return Array.from(countKinds())
    .filter(([kind, count]) => count > (earlier.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (earlier.get(kind) ?? 0)} × ${kind}`);
}

function countKinds(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!ownKinds.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
