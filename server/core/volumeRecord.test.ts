import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concatBytes } from '../../base/bytes.ts';
import { Dice } from '../../engine/testing/dice.ts';
import { nodeHasher } from '../../engine/platform/nodeCrypto.ts';
import type { AccountId } from '../../protocol/ids.ts';
import { readVolume } from './volumeReader.ts';
import type { VolumeEntry } from './volumeReader.ts';
import type { VolumeRecord } from './volumeRecord.ts';
import { encodeRecordHeader, encodeVolumeHeader, volumeHeaderBytes } from './volumeRecord.ts';

const account = 'ab'.repeat(16) as AccountId;
const { signal } = new AbortController();

function record(kind: VolumeRecord['kind'], body: Uint8Array): VolumeRecord {
  return { kind, account, meta: { at: 7, device: 'd' }, body };
}

function volumeOf(records: readonly VolumeRecord[]): Uint8Array {
  return concatBytes([encodeVolumeHeader(), ...records.flatMap((one) => [encodeRecordHeader(one, nodeHasher), one.body])]);
}

async function readAll(bytes: Uint8Array, bodies: 'all' | 'records' = 'all'): Promise<readonly VolumeEntry[]> {
  const disk = { read: async (_: string, position: number, length: number) => bytes.slice(position, position + length) };
  const entries: VolumeEntry[] = [];
  for await (const entry of readVolume('v', { disk, hasher: nodeHasher, signal, bodies })) entries.push(entry);
  return entries;
}

const records = [record('segment', new Uint8Array(300).fill(1)), record('event', new Uint8Array(0)), record('snapshot', new Uint8Array(40).fill(2))];
const volume = volumeOf(records);

describe('a volume', () => {
  test('gives back its records, with where their bodies are', async () => {
    const entries = await readAll(volume);
    assert.deepEqual(entries.map((entry) => entry.kind === 'record' && entry.record), records);
    for (const entry of entries) {
      assert.ok(entry.kind === 'record');
      assert.deepEqual(volume.slice(entry.offset, entry.end), entry.record.body);
    }
    assert.deepEqual(await readAll(encodeVolumeHeader()), []);
  });

  test('cut at any byte gives back the records before, then says where it is torn', async () => {
    const ends = (await readAll(volume)).map((entry) => (entry.kind === 'record' ? entry.end : 0));
    for (let cut = 0; cut < volume.length; cut++) {
      const entries = await readAll(volume.slice(0, cut));
      const whole = ends.filter((end) => end <= cut).length;
      assert.equal(entries.filter(({ kind }) => kind === 'record').length, whole);
      const atBoundary = cut === volumeHeaderBytes || ends.includes(cut);
      assert.equal(entries.length, whole + (atBoundary ? 0 : 1), `cut at ${cut}`);
    }
  });

  test('with any byte changed never passes off wrong bytes for right ones', async () => {
    for (let at = 0; at < volume.length; at++) {
      const changed = volume.slice();
      changed[at]! ^= 0x41;
      const entries = await readAll(changed);
      const good = entries.flatMap((entry) => (entry.kind === 'record' ? [entry.record] : []));
      for (const one of good) assert.ok(records.some((wanted) => wanted.kind === one.kind && Buffer.compare(wanted.body, one.body) === 0));
      const reserved = at >= 12 && at < volumeHeaderBytes;
      assert.ok(reserved || good.length < records.length, `changed at ${at}`);
    }
  });

  test('a damaged body does not hide the records behind it', async () => {
    const changed = volume.slice();
    changed[volumeHeaderBytes + 150]! ^= 1;
    assert.deepEqual((await readAll(changed)).map(({ kind }) => kind), ['damaged', 'record', 'record']);
    assert.deepEqual((await readAll(changed, 'records')).map(({ kind }) => kind), ['record', 'record', 'record']);
  });

  test('random bytes are a torn volume, never a crash', async () => {
    const dice = new Dice(1);
    for (let i = 0; i < 300; i++) {
      const bytes = dice.chance(0.5) ? dice.bytes(dice.below(300)) : concatBytes([encodeVolumeHeader(), new TextEncoder().encode('HFr1'), dice.bytes(dice.below(300))]);
      const entries = await readAll(bytes);
      assert.ok(entries.every(({ kind }) => kind !== 'record'));
    }
  });
});
