import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { isBackupError, systemCodeOf } from '../base/errors.ts';
import { systemClock } from '../engine/platform/clock.ts';
import { silentLog } from '../engine/platform/log.ts';
import { createPrimitives } from '../engine/platform/primitives.ts';
import { chunkId, chunkObject } from '../engine/core/chunk/chunkId.ts';
import type { PlainObject } from '../engine/core/segment/segmentTypes.ts';
import { SuiteWorld } from '../engine/testing/repository/suiteWorld.ts';
import type { SuiteDevice } from '../engine/testing/repository/suiteWorld.ts';
import type { ServerCore } from './core/serverCore.ts';
import { openServerCore } from './openServerCore.ts';

const primitives = createPrimitives();
const run = promisify(execFile);

/** A disk of its own, where this may mount one. */
describe('a full disk', () => {
  let folder: string;
  let dataDirectory: string;
  let mounted = false;
  let core: ServerCore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-full-'));
    dataDirectory = join(folder, 'data');
    mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder]).then(() => true, () => false);
  });
  after(async () => {
    await core?.close();
    if (mounted) await run('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });

  function openCore(): Promise<ServerCore> {
    return openServerCore({ dataDirectory, primitives, clock: systemClock, log: silentLog });
  }

  /** Fills the disk up to so many bytes. */
  async function fill(freeBytes: number): Promise<void> {
    await rm(join(folder, 'fill'), { force: true });
    const { bavail, bsize } = await statfs(folder);
    const file = await open(join(folder, 'fill'), 'w');
    try {
      let left = bavail * bsize - freeBytes;
      for (let at = 0; left > 0; ) {
        const { bytesWritten } = await file.write(new Uint8Array(Math.min(left, 65_536)), 0, undefined, at);
        at += bytesWritten;
        left -= bytesWritten;
      }
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async function volumeBytes(): Promise<number> {
    const names = await readdir(join(dataDirectory, 'volumes'));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(dataDirectory, 'volumes', name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  test('is given back what did not fit, says so, and is read from, even after a start without a byte free', async (context: TestContext) => {
    if (!mounted) return context.skip('only root may mount a disk');
    core = await openCore();
    const { id: account } = await core.accounts.create({ name: 'ann', passwordHash: '' });
    const { id: device } = await core.accounts.createDevice({ account, name: 'laptop', tokenHash: primitives.random.bytes(32) });
    const laptop = (): SuiteDevice => ({ repository: core.accountRepository({ account, device }), device, deviceName: 'laptop' });
    const world = new SuiteWorld({ laptop: laptop(), desktop: laptop(), stranger: laptop(), close: async () => {} }, primitives);
    const big = (): PlainObject => {
      const body = primitives.random.bytes(1_000_000);
      return chunkObject(chunkId(body, world.context), body);
    };
    const kept = big();
    await laptop().repository.putPack(await world.pack(kept), world);
    const before = await volumeBytes();

    await fill(600_000);
    const refused = await world.pack(big());
    for (let i = 0; i < 3; i++) {
      await assert.rejects(laptop().repository.putPack(refused, world), (error) => {
        return isBackupError(error, 'limit') && error.details['reason'] === 'disk-full' && /can still be read.*free some space/.test(error.message);
      });
      assert.equal(await volumeBytes(), before);
    }
    await core.close();

    await fill(0);
    assert.equal((await statfs(folder)).bavail, 0);
    core = await openCore();
    assert.equal((await laptop().repository.fetch({ kind: 'objects', ids: [kept.id] }, world)).length, 1);
    await core.close();

    await rm(join(dataDirectory, 'spare'), { force: true });
    await fill(0);
    await assert.rejects(openCore(), (error) => isBackupError(error, 'limit') && /is full.*free some space there, then start again; nothing is lost/.test(error.message));

    await rm(join(folder, 'fill'));
    core = await openCore();
    await laptop().repository.putPack(refused, world);
    await core.close();
    assert.ok((await readdir(dataDirectory)).includes('spare'));
  });

  test('at the very first start is told of in one sentence', async (context: TestContext) => {
    if (!mounted) return context.skip('only root may mount a disk');
    await rm(dataDirectory, { recursive: true });
    await fill(0);
    await assert.rejects(openCore(), (error) => isBackupError(error, 'limit') && error.details['reason'] === 'disk-full');
    await rm(join(folder, 'fill'));
    core = await openCore();
  });
});
