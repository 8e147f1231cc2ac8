import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { isBackupError, type ErrorCode } from '../../base/errors.ts';
import { makeCertificate } from '../../server/tls/makeCertificate.ts';
import { connectAccount } from './accountClient.ts';
import type { Trust } from '../core/session/session.ts';
import { parseServerUrl, readServerCertificate } from './trust.ts';

const instance = 'ab'.repeat(16);
const { signal } = new AbortController();

interface TlsServer {
  readonly server: Server;
  readonly url: string;
  readonly pem: string;
  readonly requests: string[];
}

async function startTls(names: readonly string[] = ['localhost', '127.0.0.1']): Promise<TlsServer> {
  const { cert, key } = await makeCertificate({ names, now: Date.now() });
  const requests: string[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    requests.push(`${request.url} ${request.headers.authorization}`);
    response.setHeader('holdfast-instance', instance);
    response.end(JSON.stringify({ instance, versions: [1] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, pem: cert, requests };
}

function pinned(pem: string, fingerprint: string): Trust {
  return { kind: 'pinned', pem, fingerprint };
}

async function health(url: string, trust: Trust): Promise<unknown> {
  const client = connectAccount({ url, trust, token: 'secret-token' });
  try {
    return (await client.health({ signal })).instance;
  } finally {
    client.close();
  }
}

function failing(code: ErrorCode) {
  return (error: unknown): boolean => {
    assert.ok(isBackupError(error, code), `${code}, not ${String(error)}`);
    const told = JSON.stringify([error.message, error.details, error.stack, String(error.cause)]);
    assert.ok(!told.includes('secret-token'));
    return true;
  };
}

describe('whom the client believes', () => {
  let real: TlsServer;
  let other: TlsServer;
  let foreignNames: TlsServer;
  before(async () => {
    [real, other, foreignNames] = await Promise.all([startTls(), startTls(), startTls(['backup.example'])]);
  });
  after(() => {
    for (const { server } of [real, other, foreignNames]) server.close();
  });

  test('the certificate of an unknown server is read without sending it a request', async () => {
    const seen = await readServerCertificate(real.url, { signal });
    assert.match(seen.fingerprint, /^[0-9a-f]{64}$/);
    assert.equal(seen.pem.replaceAll(/\s/g, ''), real.pem.replaceAll(/\s/g, ''));
    assert.deepEqual(real.requests, []);
  });

  test('a pinned certificate is believed, whatever names it holds', async () => {
    for (const { url } of [real, foreignNames]) {
      const { pem, fingerprint } = await readServerCertificate(url, { signal });
      assert.equal(await health(url, pinned(pem, fingerprint)), instance);
      assert.equal(await health(url, pinned(pem, fingerprint)), instance);
    }
  });

  test('another certificate than the pinned one is refused, and is sent nothing', async () => {
    const { pem, fingerprint } = await readServerCertificate(real.url, { signal });
    await assert.rejects(health(other.url, pinned(pem, fingerprint)), failing('denied'));
    const theirs = await readServerCertificate(other.url, { signal });
    await assert.rejects(health(other.url, pinned(theirs.pem, fingerprint)), failing('denied'));
    assert.deepEqual(other.requests, []);
  });

  test('an authority is believed for the names in its certificates only', async () => {
    assert.equal(await health(real.url, { kind: 'ca', pem: real.pem }), instance);
    await assert.rejects(health(foreignNames.url, { kind: 'ca', pem: foreignNames.pem }), failing('denied'));
    await assert.rejects(health(real.url, { kind: 'ca', pem: other.pem }), failing('denied'));
  });

  test('a self-made certificate is refused when nothing vouches for it', async () => {
    await assert.rejects(health(real.url, { kind: 'system' }), failing('denied'));
  });

  test('plain HTTP to another machine is refused before anything is sent', () => {
    assert.throws(() => parseServerUrl('http://backup.example:8420'), failing('invalid'));
    assert.throws(() => parseServerUrl('http://127.0.0.1.example'), failing('invalid'));
    assert.equal(parseServerUrl('http://127.0.0.1:8420').port, '8420');
    assert.equal(parseServerUrl('http://[::1]:8420').port, '8420');
  });

  const addresses = ['', 'backup.example', 'ftp://x', 'https://u:p@x', 'https://x/y', 'https://x/?q', 'https://x/#f', 'holdfast://x'];
  for (const address of addresses) {
    test(`"${address}" is no server's address`, () => {
      assert.throws(() => parseServerUrl(address), failing('invalid'));
    });
  }

  test('nobody there, a hang-up, and silence are all unavailable', async () => {
    const tcp = createTcpServer((socket) => socket.destroy());
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const url = `https://127.0.0.1:${(tcp.address() as AddressInfo).port}`;
    await assert.rejects(health(url, { kind: 'system' }), failing('unavailable'));
    await assert.rejects(readServerCertificate(url, { signal }), failing('unavailable'));
    tcp.close();
    await once(tcp, 'close');
    await assert.rejects(health(url, { kind: 'system' }), failing('unavailable'));
    await assert.rejects(readServerCertificate(url, { signal }), failing('unavailable'));

    const silent = createTcpServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const limits = { connectMs: 100, idleMs: 100, sockets: 1 };
    for (const scheme of ['http', 'https']) {
      const deaf = connectAccount({ url: `${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}`, trust: { kind: 'system' }, token: undefined, limits });
      await assert.rejects(deaf.health({ signal }), failing('unavailable'));
      deaf.close();
    }
    silent.close();
  });

  test('a server without TLS is told apart', async () => {
    const plain = createHttpServer((_request, response) => response.end());
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const url = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    await assert.rejects(readServerCertificate(url, { signal }), failing('invalid'));
    await assert.rejects(health(url, { kind: 'system' }), failing('unavailable'));
    plain.close();
  });
});
