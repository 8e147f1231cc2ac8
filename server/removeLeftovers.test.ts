import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../engine/platform/clock.ts';
import { silentLog } from '../engine/platform/log.ts';
import { createPrimitives } from '../engine/platform/primitives.ts';
import { openServerCore } from './openServerCore.ts';

test('a start removes what a crash left of keys and certificates being made, and nothing else', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'holdfast-leftovers-'));
  const options = { dataDirectory, primitives: createPrimitives(), clock: systemClock, log: silentLog };
  try {
    await (await openServerCore(options)).close();
    const mine = ['master.key.old', 'master.key.backup', 'tls-mine', 'tls', 'notes'];
    for (const name of [...mine, 'tls-Ab3xYz']) await mkdir(join(dataDirectory, name));
    await writeFile(join(dataDirectory, 'tls-Ab3xYz', 'key.pem'), 'half a key');
    await writeFile(join(dataDirectory, 'master.key.123e4567-e89b-12d3-a456-426614174000'), 'half a key');
    await writeFile(join(dataDirectory, 'master.key.00000000-e89b-12d3-a456-426614174000'), 'being made now');
    for (const name of ['tls-Ab3xYz', 'master.key.123e4567-e89b-12d3-a456-426614174000']) await utimes(join(dataDirectory, name), 1e9, 1e9);
    const before = await readdir(dataDirectory);
    await (await openServerCore(options)).close();
    const now = new Set(await readdir(dataDirectory));
    const gone = before.filter((name) => !now.has(name));
    assert.deepEqual(gone.sort(), ['master.key.123e4567-e89b-12d3-a456-426614174000', 'tls-Ab3xYz']);
  } finally {
    await rm(dataDirectory, { recursive: true });
  }
});
