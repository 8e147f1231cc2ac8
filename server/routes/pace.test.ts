import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { apiPrefix } from '../../protocol/routes.ts';
import { systemClock } from '../../engine/platform/clock.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import { SuiteWorld } from '../../engine/testing/repository/suiteWorld.ts';
import { LiveServer, type LiveDevice } from '../../test/support/liveServer.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { ByteBudget } from './byteBudget.ts';

const mib = 2 ** 20;
const budget = { bytesMax: 64 * mib, accountBytesMax: 32 * mib, shareBytes: 8 * mib, waitingMax: 16 };
/** A look every 167 ms; the patient rate gives the bodies below half a minute. */
const hasty: Clock = { now: systemClock.now, sleep: (ms, options) => systemClock.sleep(ms / 30, options) };

describe('bodies that crawl', () => {
  let server: LiveServer;
  const sockets: Socket[] = [];
  beforeEach(async () => (server = await LiveServer.start({ clock: hasty, budget })));
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
  });

  async function device(name: string): Promise<LiveDevice> {
    await server.addUser(name);
    return server.device(name, 'laptop');
  }

  /** Begins a body of so many bytes, and answers what the server says to it in the end. */
  async function crawl({ token }: LiveDevice, bytes: number): Promise<{ readonly answer: () => string }> {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    sockets.push(socket);
    await once(socket, 'connect');
    let text = '';
    socket.on('error', () => undefined).on('data', (piece: Buffer) => (text += piece.toString('latin1')));
    const head = `POST ${apiPrefix}/packs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: multipart/form-data; boundary=b`;
    socket.write(`${head}\r\ncontent-length: ${bytes}\r\n\r\n--b\r\n`);
    return { answer: () => text };
  }

  test('give way when accounts hold all memory with them and another waits; who holds little is left alone', async () => {
    const [mallory, eve, bob, ann] = [await device('mallory'), await device('eve'), await device('bob'), await device('ann')];
    const bobs = await crawl(bob, 2 * mib);
    const held = await Promise.all([crawl(mallory, 31 * mib), crawl(eve, 31 * mib)]);
    const world = new SuiteWorld({ laptop: ann, desktop: ann, stranger: ann, close: async () => {} }, createPrimitives());
    const pack = await world.pack({ ...world.chunk('x'), body: world.context.random.bytes(1_000_000) });
    await systemClock.sleep(100, world); // theirs have their places first
    assert.deepEqual(held.map(({ answer }) => answer()), ['', '']);
    await ann.repository.putPack(pack, world).catch((error: unknown) => assert.fail(String(error)));
    assert.ok(held.some(({ answer }) => answer().startsWith('HTTP/1.1 408 ')), 'one of them gave way');
    assert.equal(bobs.answer(), '');
  });
});

describe('the share of an account', () => {
  const { signal } = new AbortController();

  test('is exceeded only while another account waits for what it holds', async () => {
    const shared = new ByteBudget({ bytesMax: 10, accountBytesMax: 6, shareBytes: 3, waitingMax: 3 });
    const places = [await shared.reserve({ account: 'a', bytes: 6, signal }), await shared.reserve({ account: 'b', bytes: 3, signal })];
    assert.deepEqual(['a', 'b'].map((account) => shared.isInTheWay(account)), [false, false]);
    const own = shared.reserve({ account: 'a', bytes: 4, signal });
    assert.equal(shared.isInTheWay('a'), false, 'nobody else waits');
    const others = shared.reserve({ account: 'c', bytes: 4, signal });
    assert.deepEqual(['a', 'b', 'c'].map((account) => shared.isInTheWay(account)), [true, false, false]);
    for (const place of places) place.dispose();
    for (const place of await Promise.all([own, others])) place.dispose();
  });
});
