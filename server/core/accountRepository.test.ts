import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isBackupError } from '../../base/errors.ts';
import type { LaneId } from '../../protocol/ids.ts';
import { chunkObject, chunkId } from '../../engine/core/chunk/chunkId.ts';
import type { PlainObject } from '../../engine/core/segment/segmentTypes.ts';
import { systemClock } from '../../engine/platform/clock.ts';
import { silentLog } from '../../engine/platform/log.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { SuiteWorld } from '../../engine/testing/repository/suiteWorld.ts';
import type { SuiteDevice } from '../../engine/testing/repository/suiteWorld.ts';
import { openServerCore } from '../openServerCore.ts';
import type { ServerCore } from './serverCore.ts';

const primitives = createPrimitives();

describe('the repository of an account', () => {
  let dataDirectory: string;
  let core: ServerCore;
  let world: SuiteWorld;
  before(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'holdfast-repository-'));
    core = await openServerCore({ dataDirectory, primitives, clock: systemClock, log: silentLog });
    const laptop = await addDevice('ann');
    world = new SuiteWorld({ laptop, desktop: laptop, stranger: laptop, close: async () => {} }, primitives);
  });
  after(async () => {
    await core.close();
    await rm(dataDirectory, { recursive: true });
  });

  async function addDevice(name: string, quotaBytes?: number): Promise<SuiteDevice> {
    const { id: account } = await core.accounts.create({ name, passwordHash: '', quotaBytes });
    const { id: device } = await core.accounts.createDevice({ account, name: 'laptop', tokenHash: primitives.random.bytes(32) });
    return { repository: core.accountRepository({ account, device }), device, deviceName: 'laptop' };
  }

  /** Too large for the database: it goes to a volume at once. */
  function bigChunk(): PlainObject {
    const body = primitives.random.bytes(1_000_000);
    return chunkObject(chunkId(body, world.context), body);
  }

  async function volumeBytes(): Promise<number> {
    let bytes = 0;
    for (const name of await readdir(join(dataDirectory, 'volumes'))) bytes += (await stat(join(dataDirectory, 'volumes', name))).size;
    return bytes;
  }

  test('a commit that is refused leaves no bytes that the quota does not count', async () => {
    const bob = await addDevice('bob', 3_000_000);
    const lane = await world.lane(bob);
    const before = await volumeBytes();
    for (let i = 0; i < 6; i++) {
      const chunk = bigChunk();
      const root = world.tree({ chunk });
      const request = world.request({ ...lane, id: '0'.repeat(32) as LaneId }, { root: root.id, pack: await world.pack(chunk, root) });
      await assert.rejects(bob.repository.commit(request, world), (error) => isBackupError(error, 'not-found') || isBackupError(error, 'limit'));
    }
    const { usedBytes } = (await core.accounts.findByName('bob'))!;
    assert.ok(usedBytes <= 3_000_000, `${usedBytes} bytes are counted`);
    assert.ok((await volumeBytes()) - before <= 3_100_000, `${(await volumeBytes()) - before} bytes are stored`);
  });

  test('a large pack that is sent many times at once is written once', async () => {
    const before = await volumeBytes();
    const pack = await world.pack(bigChunk());
    await Promise.all(Array.from({ length: 8 }, () => world.laptop.repository.putPack(pack, world)));
    assert.ok((await volumeBytes()) - before < 1.1 * pack.bytes.length);
  });

  test('what cannot be read for a moment is unavailable, not missing; what is gone is missing', async () => {
    const chunk = bigChunk();
    await world.laptop.repository.putPack(await world.pack(chunk), world);
    const folder = join(dataDirectory, 'volumes');
    const names = await readdir(folder);
    const fetch = (): Promise<readonly Uint8Array[]> => world.laptop.repository.fetch({ kind: 'objects', ids: [chunk.id] }, world);
    for (const name of names) {
      await rename(join(folder, name), join(dataDirectory, name));
      await mkdir(join(folder, name)); // EISDIR, for all that root may read
    }
    await assert.rejects(fetch(), (error) => isBackupError(error, 'unavailable') && !error.message.includes(dataDirectory));
    for (const name of names) await rmdir(join(folder, name));
    assert.deepEqual(await fetch(), []);
    for (const name of names) await rename(join(dataDirectory, name), join(folder, name));
    assert.equal((await fetch()).length, 1);
  });
});
