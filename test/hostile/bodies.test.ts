import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { packBytesMax } from '../../protocol/limits.ts';
import { apiPrefix } from '../../protocol/routes.ts';
import { HostileWorld } from './hostileWorld.ts';

const mib = 2 ** 20;

describe('hostile bodies', () => {
  let hostile: HostileWorld;
  const sockets: Socket[] = [];
  before(async () => {
    hostile = await HostileWorld.open();
  });
  afterEach(async () => {
    await hostile.stillServes();
    for (const socket of sockets.splice(0)) socket.destroy();
    await hostile.stillServes(hostile.mallory);
  });
  after(() => hostile.close());

  /** A request that says how long its body is, and sends a little of it. */
  async function begin(path: string, { type, bytes, token }: { readonly type: string; readonly bytes: number; readonly token?: string }): Promise<Socket> {
    const { hostname, port } = new URL(hostile.server.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined); // what is asked about is whether others are served
    sockets.push(socket);
    await once(socket, 'connect');
    const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
    socket.write(`POST ${apiPrefix}${path} HTTP/1.1\r\nhost: x\r\n${authorization}content-type: ${type}\r\ncontent-length: ${bytes}\r\n\r\n{`);
    return socket;
  }

  const multipart = 'multipart/form-data; boundary=x';

  test('slow ones of one account, as many as it may hold and more, hold up nobody else', async () => {
    const { token } = hostile.mallory;
    for (let i = 0; i < 12; i++) await begin('/packs', { type: multipart, bytes: packBytesMax - i, token });
  });

  test('slow ones of people who are not signed in hold up nobody', async () => {
    for (let i = 0; i < 60; i++) await begin('/auth/login', { type: 'application/json', bytes: 8_000 });
  });

  test('too large ones of people who are not signed in are refused unread', async () => {
    const socket = await begin('/auth/login', { type: 'application/json', bytes: mib });
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 413 /);
    const pack = await begin('/packs', { type: multipart, bytes: packBytesMax });
    const [refusal] = (await once(pack, 'data')) as [Buffer];
    assert.match(refusal.toString(), /^HTTP\/1\.1 401 /);
  });

  test('deeply nested, endless and strange JSON is refused', async () => {
    const { server, mallory } = hostile;
    const bodies = [
      '['.repeat(500_000),
      `{"kind":"objects","ids":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      `{"kind":"objects","ids":["${'0'.repeat(900_000)}"]}`,
      '{"kind":"objects","ids":[],"__proto__":{"kind":"under"}}',
      '{"kind":"objects","ids":{"length":4}}',
      '{"kind":"objects","ids":[1e400]}',
      '\ufeff{"kind":"objects","ids":[],"x":1}',
      'null',
      '',
    ];
    for (const body of bodies) {
      const headers = { 'content-type': 'application/json' };
      const { status, text } = await server.raw({ method: 'POST', path: `${apiPrefix}/objects/fetch`, token: mallory.token, headers, body });
      assert.equal(status, 400, text);
    }
  });

  test('names that command a terminal, are half a character or nothing are refused, and the same good one again is fine', async () => {
    const { server, mallory, world } = hostile;
    const put = async (name: string, id: string = world.randomId()): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ name });
      return (await server.raw({ method: 'PUT', path: `${apiPrefix}/workspaces/${id}`, token: mallory.token, headers, body })).status;
    };
    for (const name of ['\u001b[2J', 'a\r\nset-cookie: x', '\u009b', 'a\0', '\ud800', '\u202egpj', ' ', '', 'x'.repeat(257)]) {
      assert.equal(await put(name), 400, JSON.stringify(name));
    }
    const id = world.randomId();
    assert.deepEqual([await put('../../etc', id), await put('../../etc', id)], [204, 204]);
  });
});
