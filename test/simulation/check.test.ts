import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { deriveKeys } from '../../engine/core/keys/deriveKeys.ts';
import { createKeyRing } from '../../engine/core/keys/keyRing.ts';
import { nodeHasher, nodeSealer } from '../../engine/platform/nodeCrypto.ts';
import { Dice } from '../../engine/testing/dice.ts';
import type { WorkspaceId } from '../../protocol/ids.ts';
import { FaultyNetwork } from './faultyNetwork.ts';
import { storingCompressor } from './packNow.ts';
import { SimulatedClient } from './simulatedClient.ts';
import { SimulatedServer, soundStrategies } from './simulatedServer.ts';

const { signal } = new AbortController();

// Everything is made by the real core first; then one thing is damaged behind its back.
describe('check', () => {
  let server: SimulatedServer;

  beforeEach(async () => {
    const dice = new Dice(5);
    const primitives = { hasher: nodeHasher, sealer: nodeSealer, compressor: storingCompressor, random: dice };
    server = await SimulatedServer.open({ dice, primitives, strategies: soundStrategies });
    const network = new FaultyNetwork({ dice, server });
    network.calm = true;
    const { id: account } = await server.core.accounts.create({ name: 'me', passwordHash: '' });
    const { id: device } = await server.core.accounts.createDevice({ account, name: 'd', tokenHash: new Uint8Array(32) });
    const scope = { account, device };
    const context = { ...primitives, keys: deriveKeys(createKeyRing(dice), nodeHasher) };
    const client = new SimulatedClient({ scope, workspace: '1'.repeat(32) as WorkspaceId, context, dice, network, server, common: [dice.bytes(300)] });
    await server.core.accountRepository(scope).createRing(dice.bytes(50), { signal });
    for (let i = 0; i < 12; i++) {
      await client.push();
      if (i === 7) await server.core.gather();
    }
    assert.equal(client.acknowledged.length, 12);
  });
  afterEach(() => server.close());

  async function finds(what: string): Promise<void> {
    const problems = await server.problems();
    assert.ok(problems.some((problem) => problem.what === what), `${what} is among ${JSON.stringify(problems)}`);
  }

  /** Changes a byte of every volume at a place. */
  async function damageVolumes(at: (bytes: number) => number): Promise<void> {
    for (const { name, bytes } of await server.disk.list()) {
      const position = at(bytes);
      const [byte = 0] = await server.disk.read(name, position, 1);
      await server.disk.write(name, position, [Uint8Array.of(byte ^ 1)]);
    }
  }

  test('finds nothing when nothing is wrong', async () => {
    assert.deepEqual(await server.problems(), []);
  });

  test('finds damaged bytes in a volume', async () => {
    await damageVolumes(() => 500);
    await finds('segment');
  });

  test('finds a damaged record header in a volume', async () => {
    await damageVolumes(() => 20);
    await finds('volume');
  });

  test('finds a volume that is gone', async () => {
    for (const { name } of await server.disk.list()) await server.disk.remove(name);
    await finds('volume');
    await finds('segment');
  });

  for (const [what, statement] of [
    ['segment', 'update inline_segments set content = zeroblob(length(content)) where segment = (select max(segment) from inline_segments)'],
    ['segment', 'delete from inline_segments'],
    ['segment', 'update segments set position = position + 1 where volume is not null'],
    ['segment', 'update tree_headers set header = (select header from tree_headers order by segment desc limit 1)'],
    ['segment', 'update tree_headers set header = zeroblob(9)'],
    ['snapshot', 'update tree_headers set header = zeroblob(9)'],
    ['object', 'delete from locations where segment = 1'],
    ['object', 'insert into locations select account, object, (select max(key) from segments where content = 1) from locations where segment = 1'],
    ['object', 'delete from objects where kind = 1 and id = (select min(id) from objects where kind = 1)'],
    ['snapshot', 'delete from objects where kind = 1'],
    ['snapshot', 'update snapshots set sealed = zeroblob(100) where seq = 3'],
    ['snapshot', 'update snapshots set header = sealed_hash where seq = 3'],
    ['snapshot', 'update snapshots set partial = 1 where seq = 3'],
    ['snapshot', 'update snapshots set rows = zeroblob(7) where seq = 3'],
    ['snapshot', 'delete from snapshots where seq = 3'],
    ['lane', 'delete from snapshots where seq = 12'],
    ['lane', 'update lanes set head_id = (select id from snapshots where seq = 2)'],
    ['ring', 'update key_rings set wrapped = zeroblob(100)'],
    ['ref', "insert into refs values (1, 'main', zeroblob(32), 0)"],
  ] as const) {
    test(`finds what this does: ${statement}`, async () => {
      server.database.exec(statement);
      await finds(what);
    });
  }

  test('says that the tail which a crash left is not in use, and that it is no problem', async () => {
    for (const { name, bytes } of await server.disk.list()) await server.disk.write(name, bytes, [new Uint8Array(40).fill(7)]);
    const findings = [];
    for await (const finding of server.check()) findings.push(finding);
    assert.ok(findings.some(({ kind }) => kind === 'note'));
    assert.ok(findings.every(({ kind }) => kind !== 'problem'));
  });
});
