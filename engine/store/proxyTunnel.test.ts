import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { makeCertificate } from '../../server/tls/makeCertificate.ts';
import { connectAccount } from './accountClient.ts';
import { parseProxy } from './proxyTunnel.ts';
import type { Trust } from '../core/session/session.ts';
import { readServerCertificate } from './trust.ts';

const instance = 'ab'.repeat(16);
const { signal } = new AbortController();

describe('through a proxy', () => {
  let server: Server;
  let proxy: HttpServer;
  let url = '';
  let proxyUrl = '';
  let asked: string[] = [];
  let pem = '';

  before(async () => {
    const { cert, key } = await makeCertificate({ names: ['127.0.0.1'], now: Date.now() });
    pem = cert;
    server = createServer({ cert, key }, (_, response) => {
      response.setHeader('holdfast-instance', instance);
      response.end(JSON.stringify({ instance, versions: [1] }));
    });
    url = `https://127.0.0.1:${await listening(server)}`;
    proxy = createHttpServer();
    proxy.on('connect', ({ url: target = '', headers }, client: Socket) => {
      asked.push(`${target} ${headers['proxy-authorization'] ?? ''}`);
      if (headers['proxy-authorization'] === 'Basic YTp3cm9uZw==') {
        client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const [host, port] = target.split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
    proxyUrl = `http://127.0.0.1:${await listening(proxy)}`;
  });
  beforeEach(() => {
    asked = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    proxy.close();
  });

  async function health(trust: Trust, through: string): Promise<unknown> {
    const client = connectAccount({ url, trust, token: undefined, proxy: through });
    try {
      return (await client.health({ signal })).instance;
    } finally {
      client.close();
    }
  }

  test('the certificate is read, pinned and believed as without one', async () => {
    const { fingerprint, pem: shown } = await readServerCertificate(url, { signal, proxy: proxyUrl });
    assert.equal(shown.trim(), pem.trim());
    assert.equal(await health({ kind: 'pinned', pem, fingerprint }, proxyUrl), instance);
    assert.deepEqual(asked, [`${new URL(url).host} `, `${new URL(url).host} `]);
  });

  test('a certificate that nobody vouches for is refused all the same', async () => {
    await assert.rejects(health({ kind: 'system' }, proxyUrl), { code: 'denied' });
  });

  test('name and password of the proxy are sent to it', async () => {
    assert.equal(await health({ kind: 'ca', pem }, proxyUrl.replace('//', '//a:right@')), instance);
    assert.match(asked[0] ?? '', /Basic YTpyaWdodA==$/);
    await assert.rejects(health({ kind: 'ca', pem }, proxyUrl.replace('//', '//a:wrong@')), { code: 'unavailable', message: /407/ });
  });

  test('a proxy that is away makes the server unavailable', async () => {
    await assert.rejects(health({ kind: 'ca', pem }, 'http://127.0.0.1:1'), { code: 'unavailable', message: /proxy/ });
  });
});

test('a proxy is an HTTP address and nothing more', () => {
  for (const wrong of ['', 'box:3128', 'https://box:3128', 'http://box/path', 'socks5://box']) {
    assert.throws(() => parseProxy(wrong), { code: 'invalid' }, wrong);
  }
});

async function listening(server: Server | HttpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
