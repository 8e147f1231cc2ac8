import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { nodeHasher, nodeSealer } from '../../engine/platform/nodeCrypto.ts';
import { Dice } from '../../engine/testing/dice.ts';
import type { AccountId } from '../../protocol/ids.ts';
import { storingCompressor } from '../../test/simulation/packNow.ts';
import { SimulatedServer, soundStrategies } from '../../test/simulation/simulatedServer.ts';
import { encodeRecordHeader, encodeVolumeHeader } from './volumeRecord.ts';

const account = 'ab'.repeat(16) as AccountId;

function record(fill: number): readonly [header: Uint8Array, body: Uint8Array] {
  const body = new Uint8Array(500).fill(fill);
  return [encodeRecordHeader({ kind: 'segment', account, meta: {}, body }, nodeHasher), body];
}

describe('what a crash left of volumes, at the next start', () => {
  let server: SimulatedServer;
  beforeEach(async () => {
    const random = new Dice(3);
    const primitives = { hasher: nodeHasher, sealer: nodeSealer, compressor: storingCompressor, random };
    server = await SimulatedServer.open({ dice: random, primitives, strategies: soundStrategies });
  });
  afterEach(() => server.close());

  /** A volume as noted and as its file is; how much of the file is there after a start. */
  async function kept(noted: number, ...parts: readonly Uint8Array[]): Promise<number | undefined> {
    server.database.prepare("insert into volumes (name, bytes, created_at) values ('ab', ?, 1)").run(noted);
    await server.disk.write('ab', 0, parts);
    await server.disk.sync('ab');
    await server.restart();
    const found = (await server.disk.list()).find(({ name }) => name === 'ab');
    const known = server.database.prepare("select 1 from volumes where name = 'ab'").get() !== undefined;
    assert.equal(known, found !== undefined);
    return found?.bytes;
  }
  const bytesOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);
  const header = encodeVolumeHeader();

  test('a file in which no whole record is goes away', async () => {
    const [head, body] = record(1);
    assert.equal(await kept(0, header, head, body.subarray(0, 100)), undefined);
  });

  test('a file that holds a record stays, though nothing refers to it, and check tells of it', async () => {
    const parts = [header, ...record(1)];
    assert.equal(await kept(0, ...parts), bytesOf(parts));
    const notes: string[] = [];
    for await (const finding of server.check()) if (finding.kind === 'note') notes.push(`${finding.id} ${finding.message}`);
    assert.deepEqual(notes, [`ab Nothing refers to its ${bytesOf(parts)} bytes.`]);
  });

  test('a torn end is cut off', async () => {
    const whole = [header, ...record(1)];
    const [head, body] = record(2);
    assert.equal(await kept(bytesOf(whole), ...whole, head, body.subarray(0, 99)), bytesOf(whole));
  });

  test('whole records behind what is referred to stay, and only what is torn behind them goes', async () => {
    const whole = [header, ...record(1)];
    const more = [...whole, ...record(2)];
    assert.equal(await kept(bytesOf(whole), ...more, new Uint8Array(77)), bytesOf(more));
  });
});
