import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { test } from 'node:test';
import { DiskFolder } from '../testing/diskFolder.ts';
import { FakeClock } from '../testing/fakeClock.ts';
import { systemClock } from './clock.ts';
import { fileLog, lineLog } from './log.ts';

const clock = new FakeClock(Date.UTC(2025, 0, 2, 3, 4, 5, 6));

test('a line is one JSON object, whatever is in it', () => {
  const lines: string[] = [];
  const log = lineLog((line) => lines.push(line), { level: 'info', clock });
  log.debug('hidden');
  log.warn('push', { path: 'a\n"b', bytes: 7, ok: true, none: null });
  assert.deepEqual(lines, ['{"time":"2025-01-02T03:04:05.006Z","level":"warn","event":"push","path":"a\\n\\"b","bytes":7,"ok":true,"none":null}\n']);
});

test('a log file grows to its bound, then moves aside', async (t) => {
  const folder = await DiskFolder.create({ after: (run) => t.after(run) });
  const log = fileLog(folder.at('log'), { level: 'debug', clock });
  const text = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 20; i++) log.info('line', { text, i });
  log.dispose();
  log.info('too late');
  log.dispose();
  assert.deepEqual((await fs.readdir(folder.text)).toSorted(), ['log', 'log.1']);
  const last = (await folder.read('log')).trimEnd().split('\n').at(-1)!;
  assert.equal((JSON.parse(last) as { i: number }).i, 19);
});

test('a sleep ends in time, or with the reason of the abort', async () => {
  const started = systemClock.now();
  await systemClock.sleep(15, { signal: new AbortController().signal });
  assert.ok(systemClock.now() - started >= 10);
  const reason = new Error('enough');
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(sleeping, (error) => error === reason);
  await assert.rejects(systemClock.sleep(0, { signal: controller.signal }), (error) => error === reason);
});

test('the fake clock wakes sleepers in order, and whoever sleeps again meanwhile', async () => {
  const fake = new FakeClock(0);
  const { signal } = new AbortController();
  const woken: string[] = [];
  const sleep = async (name: string, ...times: readonly number[]): Promise<void> => {
    for (const ms of times) {
      await fake.sleep(ms, { signal });
      woken.push(`${name} ${fake.now()}`);
    }
  };
  const all = [sleep('a', 30), sleep('b', 10, 10, 50), sleep('c', 100)];
  await fake.advance(35);
  assert.deepEqual(woken, ['b 10', 'b 20', 'a 30']);
  assert.equal(fake.now(), 35);
  await fake.advance(65);
  await Promise.all(all);
  assert.deepEqual(woken.slice(3), ['b 70', 'c 100']);
  assert.equal(fake.sleeping, 0);
});
