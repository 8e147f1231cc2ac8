import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Dice } from '../../engine/testing/dice.ts';
import { nodeHasher } from '../../engine/platform/nodeCrypto.ts';
import { SimulatedDisk } from '../../test/simulation/simulatedDisk.ts';
import type { AccountId } from '../../protocol/ids.ts';
import { readVolume } from './volumeReader.ts';
import type { NewRecord } from './volumeWriter.ts';
import { VolumeWriter } from './volumeWriter.ts';

const account = 'ab'.repeat(16) as AccountId;
const { signal } = new AbortController();

function recordOf(bytes: number, fill: number): NewRecord {
  return { kind: 'segment', account, meta: {}, body: new Uint8Array(bytes).fill(fill) };
}

function setUp(): { readonly disk: SimulatedDisk; readonly writer: VolumeWriter; readonly reserved: string[]; syncs: number } {
  const dice = new Dice(1);
  const disk = new SimulatedDisk(dice);
  const reserved: string[] = [];
  const state = { disk, reserved, syncs: 0, writer: undefined as unknown as VolumeWriter };
  const sync = disk.sync.bind(disk);
  disk.sync = (volume) => {
    state.syncs += 1;
    return sync(volume);
  };
  state.writer = new VolumeWriter({ disk, hasher: nodeHasher, random: dice, bytesTarget: 5_000, reserve: async (volume) => void reserved.push(volume) });
  return state;
}

async function bodiesIn(disk: SimulatedDisk, volume: string): Promise<readonly number[]> {
  const fills: number[] = [];
  for await (const entry of readVolume(volume, { disk, hasher: nodeHasher, signal, bodies: 'all' })) {
    fills.push(entry.kind === 'record' ? (entry.record.body[0] ?? -1) : -1);
  }
  return fills;
}

describe('VolumeWriter', () => {
  test('who comes while a flush is under way shares the next one', async () => {
    const state = setUp();
    const first = state.writer.append([recordOf(10, 1)]);
    const others = [2, 3, 4].map((fill) => state.writer.append([recordOf(10, fill)]));
    await Promise.all([first, ...others]);
    assert.equal(state.syncs, 2);
    assert.deepEqual(await bodiesIn(state.disk, state.reserved[0]!), [1, 2, 3, 4]);
  });

  test('answers where each body lies', async () => {
    const { writer, disk } = setUp();
    const places = await writer.append([recordOf(10, 1), recordOf(20, 2)]);
    const lengths = [10, 20];
    for (const [i, { volume, offset, end }] of places.entries()) {
      assert.deepEqual(await disk.read(volume, offset, lengths[i]!), new Uint8Array(lengths[i]!).fill(i + 1));
      assert.equal(end, offset + lengths[i]!);
    }
  });

  test('begins another volume once one is large, each reserved before its first byte', async () => {
    const { writer, disk, reserved } = setUp();
    for (let i = 1; i <= 4; i++) await writer.append([recordOf(3_000, i)]);
    assert.equal(reserved.length, 2);
    assert.deepEqual(new Set((await disk.list()).map(({ name }) => name)), new Set(reserved));
    assert.deepEqual(await bodiesIn(disk, reserved[1]!), [3, 4]);
  });

  test('a write that failed is written over: the volume reads on without a gap', async () => {
    const { writer, disk, reserved } = setUp();
    await writer.append([recordOf(100, 1)]);
    disk.full = true;
    await assert.rejects(writer.append([recordOf(1_000, 2)]), { code: 'limit' });
    disk.full = false;
    await writer.append([recordOf(2_000, 3)]);
    assert.deepEqual(await bodiesIn(disk, reserved[0]!), [1, 3]);
  });

  test('what a failed write or flush left behind is cut off at once', async () => {
    const { writer, disk, reserved } = setUp();
    await writer.append([recordOf(100, 1)]);
    const [{ bytes } = { bytes: 0 }] = await disk.list();
    for (const trouble of ['full', 'syncFails'] as const) {
      disk[trouble] = true;
      await assert.rejects(writer.append([recordOf(3_000, 2)]));
      disk[trouble] = false;
      assert.deepEqual(await disk.list(), [{ name: reserved[0]!, bytes }]);
    }
    await writer.append([recordOf(100, 3)]);
    assert.deepEqual(await bodiesIn(disk, reserved[0]!), [1]);
  });

  test('a volume whose flush failed is never written again', async () => {
    const { writer, disk, reserved } = setUp();
    await writer.append([recordOf(100, 1)]);
    disk.syncFails = true;
    await assert.rejects(writer.append([recordOf(100, 2)]), { code: 'unavailable' });
    disk.syncFails = false;
    const [place] = await writer.append([recordOf(100, 3)]);
    assert.equal(place?.volume, reserved[1]);
    disk.crash();
    assert.deepEqual(await bodiesIn(disk, reserved[1]!), [3]);
    assert.equal((await bodiesIn(disk, reserved[0]!))[0], 1);
  });
});
