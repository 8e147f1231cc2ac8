import assert from 'node:assert/strict';
import test from 'node:test';
import { BackupError, isBackupError } from '../../base/errors.ts';
import { createKeyRing, encodeKeyRing } from '../core/keys/keyRing.ts';
import { createPrimitives } from '../platform/primitives.ts';
import type { KeyStore, StoredRing } from '../ports/keyStore.ts';
import { memoryStateFolder } from '../testing/memoryStateFolder.ts';
import { openKeys } from './openKeys.ts';
import type { OpenedKeys } from './openKeys.ts';

const primitives = createPrimitives();
const { signal } = new AbortController();
const account = { url: 'https://host:1', name: 'ann' };

class Server implements KeyStore {
  ring: StoredRing | undefined;
  away = false;

  async getRing(): Promise<StoredRing | undefined> {
    if (this.away) throw new BackupError('unavailable', 'Away.');
    return this.ring;
  }

  async createRing(bytes: Uint8Array): Promise<StoredRing> {
    this.ring ??= { custody: 'managed', version: 1, bytes };
    return this.ring;
  }
}

function client(keyStore: KeyStore, state = memoryStateFolder()): () => Promise<OpenedKeys> {
  return async () => await openKeys({ keyStore, state, account, primitives, signal });
}

const newRing = (): Uint8Array => encodeKeyRing(createKeyRing(primitives.random));

const rings: Readonly<Record<string, Uint8Array>> = { ann: newRing(), bob: newRing() };

await test('makes a ring once; every device gets the same keys', async () => {
  const server = new Server();
  const [first, second] = [await client(server)(), await client(server)()];
  assert.deepEqual(first.keys.id, second.keys.id);
  assert.equal(first.fingerprint, second.fingerprint);
});

await test('takes the ring of the device that was faster', async () => {
  const server = new Server();
  const racing: KeyStore = { getRing: async () => undefined, createRing: async () => await server.createRing(newRing()) };
  assert.deepEqual((await client(racing)()).keys.id, (await client(server)()).keys.id);
});

await test('stops at a ring or a custody that it did not change', async () => {
  const server = new Server();
  const open = client(server);
  await open();
  const { ring } = server;
  for (const changed of [{ ...ring!, bytes: newRing() }, { ...ring!, custody: 'private' as const }, undefined]) {
    server.ring = changed;
    await assert.rejects(open(), (error) => isBackupError(error, 'denied'));
  }
  assert.equal(server.ring, undefined, 'no new ring was made in place of a lost one');
  server.ring = ring;
  await open();
});

await test('goes on with what it knows while the server is away, and not without', async () => {
  const server = new Server();
  const open = client(server);
  const { keys } = await open();
  server.away = true;
  const offline = await open();
  assert.equal(offline.source, 'pinned');
  assert.deepEqual(offline.keys.id, keys.id);
  await assert.rejects(client(server)(), (error) => isBackupError(error, 'unavailable'));
});

await test('keeps the pins of several accounts apart', async () => {
  const state = memoryStateFolder();
  for (const name of ['ann', 'bob', 'ann']) {
    const server = new Server();
    server.ring = { custody: 'managed', version: 1, bytes: rings[name]! };
    await openKeys({ keyStore: server, state, account: { ...account, name }, primitives, signal });
  }
});

