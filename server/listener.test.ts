import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage, type RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import { isBackupError } from '../base/errors.ts';
import { systemClock } from '../engine/platform/clock.ts';
import { silentLog } from '../engine/platform/log.ts';
import type { Clock } from '../engine/ports/primitives.ts';
import { connectable, formatAddress, isLoopback, parseListenAddress } from './listenAddress.ts';
import { openListener, type Listener } from './listener.ts';

const hasty: Clock = { now: systemClock.now, sleep: (ms, options) => systemClock.sleep(ms / 100, options) };

async function open(app: RequestListener, port = 0): Promise<Listener> {
  const address = { host: '127.0.0.1', port };
  return await openListener({ address, tls: undefined, instance: '0'.repeat(32), app, clock: hasty, log: silentLog });
}

async function ask({ address }: Listener): Promise<IncomingMessage> {
  const request = get(`http://${formatAddress(address)}/`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

describe('a listener', () => {
  test('finishes what is under way before it closes, and takes nothing new', async () => {
    const came = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const listener = await open((_request, response) => {
      came.resolve();
      void go.promise.then(() => response.end('done'));
    });
    const answer = ask(listener);
    await came.promise;
    const closed = Promise.all([listener.close(), listener.close()]);
    await assert.rejects(ask(listener), /ECONNREFUSED/);
    go.resolve();
    assert.equal((await answer).statusCode, 200);
    await closed;
  });

  test('hangs up on what does not end', async () => {
    const came = Promise.withResolvers<void>();
    const listener = await open(() => came.resolve());
    const answer = ask(listener);
    const hungUp = assert.rejects(answer, /socket hang up|ECONNRESET/);
    await came.promise;
    await listener.close();
    await hungUp;
  });

  test('says when the address is taken', async () => {
    const listener = await open(() => undefined);
    await assert.rejects(open(() => undefined, listener.address.port), (error) => {
      assert.ok(isBackupError(error, 'unavailable'));
      assert.match(error.message, /something else listens there/);
      return true;
    });
    await listener.close();
  });
});

describe('addresses to listen on', () => {
  test('are HOST:PORT', () => {
    assert.deepEqual(parseListenAddress('127.0.0.1:8420'), { host: '127.0.0.1', port: 8420 });
    assert.deepEqual(parseListenAddress('[::1]:0'), { host: '::1', port: 0 });
    assert.equal(formatAddress(parseListenAddress('[::1]:1')), '[::1]:1');
    for (const text of ['', '8420', ':8420', 'h:', 'h:65536', '::1:80', '[x]:80', 'a b:80', 'http://h:80']) {
      assert.throws(() => parseListenAddress(text), (error) => isBackupError(error, 'invalid'));
    }
  });

  test('that mean every address are replaced by one to connect to', () => {
    const own = { ipv4: '127.0.0.1', ipv6: '::1' };
    const want = { '0.0.0.0:1': '127.0.0.1:1', '[::]:1': '[::1]:1', '[0:0::0]:1': '[::1]:1', 'example:1': 'example:1', '[::1]:1': '[::1]:1' };
    for (const [text, connect] of Object.entries(want)) assert.equal(formatAddress(connectable(parseListenAddress(text), own)), connect);
  });

  test('are this machine’s own or not', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert.ok(isLoopback(host));
    for (const host of ['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.example', 'example']) assert.ok(!isLoopback(host));
  });
});
