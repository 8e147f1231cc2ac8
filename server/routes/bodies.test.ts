import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { missingIdsMax, packBytesMax } from '../../protocol/limits.ts';
import { apiPrefix } from '../../protocol/routes.ts';
import { systemClock } from '../../engine/platform/clock.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import { SuiteWorld, type SuiteLane } from '../../engine/testing/repository/suiteWorld.ts';
import { encodeSnapshotRecord } from '../../engine/core/snapshot/snapshotRecord.ts';
import { LiveServer, type LiveDevice, type RawAnswer } from '../../test/support/liveServer.ts';

/** Patience of seconds is over in hundredths of it. */
const hasty: Clock = { now: systemClock.now, sleep: (ms, options) => systemClock.sleep(ms / 100, options) };

const boundary = 'frontier';
const multipart = `multipart/form-data; boundary=${boundary}`;
const bytesType = 'application/octet-stream';
const packs = `${apiPrefix}/packs`;
const missing = `${apiPrefix}/objects/missing`;

interface FormPart {
  readonly name: string;
  readonly filename?: string;
  readonly bytes: Uint8Array | string;
}

function form(...parts: readonly FormPart[]): Buffer {
  const pieces = parts.flatMap(({ name, filename, bytes }) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n`,
    `content-type: ${bytesType}\r\n\r\n`,
    bytes,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

function named(bytes: Uint8Array): string {
  return `${createHash('sha256').update(bytes).digest('hex')}.zip`;
}

describe('bodies that no client of ours would send', () => {
  let server: LiveServer;
  /** Over the same core, for bodies that never come whole. */
  let hurried: LiveServer;
  let ann: LiveDevice;
  let world: SuiteWorld;
  let lane: SuiteLane;
  let commits: string;
  before(async () => {
    server = await LiveServer.start();
    hurried = await LiveServer.start({ core: server.core, clock: hasty });
    await server.addUser('ann');
    ann = await server.signIn('ann', 'laptop');
    world = new SuiteWorld({ laptop: ann, desktop: ann, stranger: ann, close: () => Promise.resolve() }, createPrimitives());
    lane = await world.lane(ann);
    commits = `${apiPrefix}/workspaces/${lane.workspace}/snapshots`;
  });
  after(async () => {
    await hurried.close();
    await server.close();
  });

  async function post(path: string, type: string, body: Uint8Array | string): Promise<RawAnswer> {
    return await server.raw({ method: 'POST', path, token: ann.token, headers: { 'content-type': type }, body });
  }

  async function check(answer: RawAnswer | Promise<RawAnswer>, want: { readonly status: number; readonly code: string }): Promise<void> {
    const { status, text } = await answer;
    assert.equal(status, want.status, text);
    assert.equal((JSON.parse(text) as { code: unknown }).code, want.code);
    assert.equal((await server.raw({ path: `${apiPrefix}/health` })).status, 200);
  }
  const invalid = { status: 400, code: 'invalid' };
  const tooLong = { status: 413, code: 'limit' };
  const wrongType = { status: 415, code: 'invalid' };

  test('a body of another type is refused, also a compressed one', async () => {
    await check(post(packs, bytesType, 'x'), wrongType);
    await check(post(missing, 'application/json', '[]'), wrongType);
    await check(post(`${apiPrefix}/objects/fetch`, 'text/plain', '{}'), wrongType);
    await check(post(packs, 'multipart/form-data', 'x'), wrongType);
    const headers = { 'content-type': bytesType, 'content-encoding': 'gzip' };
    await check(server.raw({ method: 'POST', path: missing, token: ann.token, headers, body: 'x' }), wrongType);
  });

  test('a body without a length is refused', async () => {
    const headers = { 'content-type': bytesType, 'transfer-encoding': 'chunked' };
    await check(server.raw({ method: 'POST', path: missing, token: ann.token, headers }), { status: 411, code: 'invalid' });
  });

  test('a body that is too long is refused before it is read, and the answer arrives', async () => {
    await check(post(missing, bytesType, Buffer.alloc(24 * missingIdsMax + 24)), tooLong);
    await check(post(`${apiPrefix}/objects/fetch`, 'application/json', Buffer.alloc(2 ** 20 + 1)), tooLong);
    await check(post(packs, multipart, Buffer.alloc(packBytesMax + 2 ** 20)), tooLong);
  });

  test('a part that is too long is refused, whatever the body’s length allows', async () => {
    const snapshot = { name: 'snapshot', filename: 'x', bytes: Buffer.alloc(2 ** 20) };
    await check(post(commits, multipart, form(snapshot)), tooLong);
    const pack = Buffer.alloc(packBytesMax + 1);
    await check(post(packs, multipart, form({ name: 'pack', filename: named(pack), bytes: pack })), tooLong);
  });

  test('parts that are unknown, repeated, missing, out of order or no files are refused', async () => {
    const pack = { name: 'pack', filename: named(Buffer.from('x')), bytes: 'x' };
    await check(post(packs, multipart, form()), invalid);
    await check(post(packs, multipart, form(pack, pack)), invalid);
    await check(post(packs, multipart, form({ name: 'pack', bytes: 'x' })), { status: 422, code: 'corrupt' });
    const field = `--${boundary}\r\ncontent-disposition: form-data; name="pack"\r\n\r\nx\r\n--${boundary}--\r\n`;
    await check(post(packs, multipart, field), invalid);
    await check(post(packs, multipart, form({ ...pack, name: 'other' })), invalid);
    await check(post(packs, multipart, form({ ...pack, name: '__proto__' })), invalid);
    await check(post(commits, multipart, form({ name: 'rows', filename: 'rows', bytes: '' })), invalid);
    await check(post(commits, multipart, form(pack)), invalid);
  });

  test('a pack that is not what its name says is refused', async () => {
    const answer = post(packs, multipart, form({ name: 'pack', filename: named(Buffer.from('x')), bytes: 'y' }));
    await check(answer, { status: 422, code: 'corrupt' });
  });

  test('a pack cut at any byte is refused, and the whole one then taken, twice', async () => {
    const { bytes } = await world.pack(world.chunk('cut'));
    for (let length = 0; length < bytes.length; length += 7) {
      const cut = bytes.subarray(0, length);
      await check(post(packs, multipart, form({ name: 'pack', filename: named(cut), bytes: cut })), invalid);
    }
    for (let i = 0; i < 2; i++) {
      const answer = await post(packs, multipart, form({ name: 'pack', filename: named(bytes), bytes }));
      assert.equal(answer.status, 204, answer.text);
    }
  });

  test('a multipart body cut at any byte is refused', async () => {
    const { record, rows } = world.request(lane, { root: world.tree({}).id });
    const whole = form(
      { name: 'snapshot', filename: record.id, bytes: encodeSnapshotRecord(record) },
      { name: 'rows', filename: 'rows', bytes: rows },
    );
    for (let length = 1; length < whole.length - 2; length += 13) {
      const { status, text } = await post(commits, multipart, whole.subarray(0, length));
      assert.ok(status === 400 || status === 422, `${length}: ${status} ${text}`);
    }
    await check(post(commits, multipart, whole), { status: 422, code: 'not-found' });
  });

  test('a snapshot of another workspace than the address says is refused', async () => {
    const other = await world.lane(ann, await world.workspace(ann, 'other'));
    const { record, rows } = world.request(other, { root: world.tree({}).id });
    const body = form(
      { name: 'snapshot', filename: record.id, bytes: encodeSnapshotRecord(record) },
      { name: 'rows', filename: 'rows', bytes: rows },
    );
    await check(post(commits, multipart, body), invalid);
  });

  test('any bytes on any route get a typed refusal, and the server goes on', async () => {
    const json = fc.oneof(fc.json(), fc.string(), fc.json().map((text) => text.slice(0, -1)));
    const addresses: readonly [string, string, string][] = [
      ['POST', '/auth/login', 'application/json'],
      ['POST', '/account/password', 'application/json'],
      ['PUT', '/keys/ring', 'application/json'],
      ['PUT', `/workspaces/${'1'.repeat(32)}`, 'application/json'],
      ['PUT', `/workspaces/${lane.workspace}/lanes/${lane.id}`, 'application/json'],
      ['POST', '/objects/fetch', 'application/json'],
      ['POST', `/workspaces/${lane.workspace}/paths`, 'application/json'],
      ['POST', '/objects/missing', bytesType],
      ['POST', '/packs', multipart],
      ['POST', `/workspaces/${lane.workspace}/snapshots`, multipart],
    ];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      json.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 64 }).map((inner) => form({ name: 'pack', filename: named(inner), bytes: inner })),
      fc.uint8Array({ maxLength: 64 }).map((inner) => form({ name: 'snapshot', filename: '0'.repeat(64), bytes: inner })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...addresses), bytes, async ([method, path, type], body) => {
        const headers = { 'content-type': type };
        const answer = await server.raw({ method, path: apiPrefix + path, token: ann.token, headers, body });
        if (path === '/objects/missing' && body.length % 24 === 0) return assert.equal(answer.status, 200);
        assert.ok([400, 413, 422].includes(answer.status), `${path} ${answer.status} ${answer.text}`);
        return assert.match(String((JSON.parse(answer.text) as { code: unknown }).code), /^(invalid|corrupt|limit)$/);
      }),
      { numRuns: 400 },
    );
    await check(post(missing, bytesType, 'x'), invalid);
  });

  async function open(head: readonly string[]): Promise<Socket> {
    const { hostname, port } = new URL(hurried.url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.on('error', () => undefined); // hung up on: what is asked about is the answer before
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    return socket;
  }

  async function everything(socket: Socket): Promise<string> {
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
    await new Promise<void>((resolve) => socket.on('close', () => resolve())); // `once` would reject on a reset
    return text;
  }

  test('a body that comes byte by byte is given up, with an answer', async () => {
    const socket = await open([`POST ${missing} HTTP/1.1`, 'host: x', `authorization: Bearer ${ann.token}`, `content-type: ${bytesType}`, 'content-length: 24']);
    const drip = setInterval(() => socket.write('x'), 50);
    const text = await everything(socket).finally(() => clearInterval(drip));
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.match(text, /"code":"unavailable"/);
  });

  test('a multipart body that stops half-way is given up, with an answer', async () => {
    const socket = await open([`POST ${packs} HTTP/1.1`, 'host: x', `authorization: Bearer ${ann.token}`, `content-type: ${multipart}`, 'content-length: 9999']);
    socket.write(form({ name: 'pack', filename: 'x', bytes: 'x'.repeat(999) }).subarray(0, 500));
    assert.match(await everything(socket), /^HTTP\/1\.1 408 /);
  });

  test('clients that hang up in the middle of a body leave nothing behind', async () => {
    for (let i = 0; i < 20; i++) {
      const socket = await open([`POST ${packs} HTTP/1.1`, 'host: x', `authorization: Bearer ${ann.token}`, `content-type: ${multipart}`, 'content-length: 30000000']);
      socket.write(form({ name: 'pack', filename: 'x', bytes: 'x'.repeat(999) }).subarray(0, 500));
      socket.destroy();
    }
    const { bytes } = await world.pack(world.chunk('after'));
    const answer = await post(packs, multipart, form({ name: 'pack', filename: named(bytes), bytes }));
    assert.equal(answer.status, 204, answer.text);
  });

  test('what is no HTTP at all gets an answer of the same form', async () => {
    const socket = await open(['\u0016\u0003\u0001 nonsense']);
    const text = await everything(socket);
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /holdfast-instance: [0-9a-f]{32}/);
    assert.match(text, /"code":"invalid"/);
  });
});
