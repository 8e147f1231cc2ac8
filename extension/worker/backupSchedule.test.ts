import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../engine/core/byteString.ts';
import { BackupSchedule, dirtyPathsMax, quietMs, retryMs, scanEveryMs, waitMsMax, type Work } from './backupSchedule.ts';

const paths = (...names: string[]): BytePath[] => names as BytePath[];
const coalesceMs = 10_000;

/** A schedule whose first scan is over, at time 0. */
function started(): BackupSchedule {
  const schedule = new BackupSchedule({ now: 0, coalesceMs, auto: true });
  assert.deepEqual(schedule.take(0), { kind: 'push', dirty: 'all', trigger: 'scan' });
  schedule.done({ now: 0, waits: false });
  return schedule;
}

function checkTaken(work: Work | undefined, names: readonly string[], trigger: string): void {
  assert.deepEqual(work, { kind: 'push', dirty: new Set(names), trigger });
}

test('looks at everything at the start and from time to time', () => {
  const schedule = started();
  assert.equal(schedule.dueIn(0), scanEveryMs);
  assert.deepEqual(schedule.take(scanEveryMs), { kind: 'push', dirty: 'all', trigger: 'scan' });
});

test('pushes a save a moment later, together with what the watcher says of it', () => {
  const schedule = started();
  schedule.notice(paths('a'), 'save', 1_000);
  schedule.notice(paths('a'), 'watch', 1_050);
  assert.equal(schedule.take(1_050), undefined);
  checkTaken(schedule.take(1_050 + quietMs), ['a'], 'save');
  schedule.done({ now: 1_300, waits: false });
  assert.equal(schedule.dirty, false);
});

test('a folder that is busy all the time is pushed all the same', () => {
  const schedule = started();
  for (let now = 1_000; now < 1_000 + waitMsMax; now += 100) {
    assert.equal(schedule.take(now), undefined);
    schedule.notice(paths(`f${now}`), 'watch', now);
  }
  assert.equal(schedule.dueIn(1_000 + waitMsMax), 0);
});

test('a file that the editor saves by itself makes at most one snapshot in the time set', () => {
  const schedule = started();
  const taken: number[] = [];
  for (let now = 1_000; now < 61_000; now += 50) {
    if (now % 1_000 === 0) schedule.notice(paths('a'), 'autosave', now);
    if (now % 1_000 === 50) schedule.notice(paths('a'), 'watch', now);
    const work = schedule.take(now);
    if (work === undefined) continue;
    taken.push(now);
    schedule.done({ now, waits: false });
  }
  assert.ok(taken.length <= 7 && taken.length >= 6, String(taken));
});

test('what is held back does not hold up other files, and a save by hand goes at once', () => {
  const schedule = started();
  schedule.notice(paths('a'), 'autosave', 1_000);
  checkTaken(schedule.take(1_200), ['a'], 'save');
  schedule.done({ now: 1_200, waits: false });
  schedule.notice(paths('a'), 'autosave', 2_000);
  schedule.notice(paths('b'), 'watch', 2_000);
  checkTaken(schedule.take(2_200), ['b'], 'save');
  schedule.done({ now: 2_200, waits: false });
  assert.equal(schedule.dirty, true);
  schedule.notice(paths('a'), 'save', 3_000);
  checkTaken(schedule.take(3_200), ['a'], 'save');
});

test('nothing is lost that changes while a push runs', () => {
  const schedule = started();
  schedule.notice(paths('a'), 'save', 1_000);
  schedule.take(1_200);
  schedule.notice(paths('b'), 'watch', 1_250);
  assert.equal(schedule.dueIn(2_000), undefined);
  assert.equal(schedule.take(2_000), undefined);
  schedule.done({ now: 2_000, waits: false });
  checkTaken(schedule.take(2_000), ['b'], 'watch');
});

test('sends what waits again and again, ever more rarely', () => {
  const schedule = started();
  schedule.notice(paths('a'), 'save', 1_000);
  schedule.take(1_200);
  schedule.done({ now: 1_200, waits: true });
  assert.equal(schedule.dueIn(1_200), retryMs.first);
  assert.deepEqual(schedule.take(1_200 + retryMs.first), { kind: 'drain' });
  schedule.done({ now: 4_000, waits: true });
  assert.equal(schedule.dueIn(4_000), retryMs.first * 2);
});

test('after a failure everything is looked at again, not at once', () => {
  const schedule = started();
  schedule.notice(paths('a'), 'save', 1_000);
  schedule.take(1_200);
  schedule.failed(1_200);
  assert.equal(schedule.take(1_300), undefined);
  assert.deepEqual(schedule.take(1_200 + retryMs.first), { kind: 'push', dirty: 'all', trigger: 'scan' });
});

test('more changes than can be told are a scan', () => {
  const schedule = started();
  schedule.notice(Array.from({ length: dirtyPathsMax + 1 }, (_, n) => `f${n}` as BytePath), 'watch', 1_000);
  assert.deepEqual(schedule.take(1_200), { kind: 'push', dirty: 'all', trigger: 'scan' });
});

test('without automatic backup nothing is looked at, but what waits is sent', () => {
  const schedule = new BackupSchedule({ now: 0, coalesceMs, auto: false });
  assert.deepEqual(schedule.take(0), { kind: 'drain' });
  schedule.done({ now: 0, waits: false });
  schedule.notice(paths('a'), 'save', 1_000);
  assert.equal(schedule.dirty, false);
  assert.equal(schedule.dueIn(1_000), Number.POSITIVE_INFINITY);
  schedule.queued(2_000);
  assert.deepEqual(schedule.take(2_000 + retryMs.first), { kind: 'drain' });
  schedule.failed(5_000);
  assert.equal(schedule.take(5_000), undefined);
  assert.deepEqual(schedule.take(5_000 + 2 * retryMs.first), { kind: 'drain' });
});
