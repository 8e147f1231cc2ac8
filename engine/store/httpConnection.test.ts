import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isBackupError, type BackupError, type ErrorCode } from '../../base/errors.ts';
import type { DeviceId, LaneId, ObjectId, TreeId, WorkspaceId } from '../../protocol/ids.ts';
import { encodeSnapshot } from '../core/snapshot/encodeSnapshot.ts';
import { testContext } from '../testing/testContext.ts';
import { connectAccount } from './accountClient.ts';
import { connectRepository, type RemoteRepository } from './httpRepository.ts';

const instance = 'cd'.repeat(16);
const { signal } = new AbortController();

/** A server that answers as the test says, and a client of it. */
async function withAnswers(answer: RequestListener, run: (repository: RemoteRepository, server: Server) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const repository = connectRepository({ url, trust: { kind: 'system' }, token: 'token', limits: { connectMs: 1000, idleMs: 500, sockets: 2 } });
  try {
    await run(repository, server);
  } finally {
    repository.close();
    server.closeAllConnections();
    server.close();
  }
}

function saying(status: number, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { 'holdfast-instance': instance, ...headers }).end(body);
  };
}

async function fails(answer: RequestListener, code: ErrorCode, call = (r: RemoteRepository): Promise<unknown> => r.workspaces({ signal })): Promise<BackupError> {
  let caught: unknown;
  await withAnswers(answer, async (repository) => {
    await assert.rejects(call(repository), (error) => {
      caught = error;
      return true;
    });
  });
  assert.ok(isBackupError(caught, code), `${code}, not ${String(caught)}`);
  return caught;
}

function commit(repository: RemoteRepository): Promise<unknown> {
  const context = testContext();
  const rows = new Uint8Array();
  const header = {
    workspace: '1'.repeat(32) as WorkspaceId,
    lane: '2'.repeat(32) as LaneId,
    n: 1,
    prev: undefined,
    parents: [],
    root: '3'.repeat(48) as TreeId,
    trigger: 'manual',
    partial: false,
    device: '4'.repeat(32) as DeviceId,
    time: 0,
    rowsHash: context.hasher.sha256(rows),
  } as const;
  const counts = { files: 0, directories: 0, symlinks: 0, bytes: 0, filesNew: 0, filesChanged: 0, filesDeleted: 0 };
  const details = { message: undefined, host: 'h', folder: '/f', counts, warnings: [], warningsTotal: 0, changed: [], git: undefined };
  const record = encodeSnapshot(header, details, context);
  return repository.commit({ record, rows, pack: undefined, advance: undefined }, { signal });
}

describe('what the client makes of answers', () => {
  test('an answer that is not what the protocol says is corrupt', async () => {
    await fails(saying(200, 'nonsense'), 'corrupt');
    await fails(saying(200, '{}'), 'corrupt');
    await fails(saying(200, '{"workspaces":[{"id":"x"}]}'), 'corrupt');
    await fails(saying(200, new Uint8Array([255, 254])), 'corrupt');
    await fails(saying(200, 'no zip'), 'corrupt', (r) => r.fetch({ kind: 'objects', ids: [] }, { signal }));
    const ids = ['a'.repeat(48) as ObjectId];
    await fails(saying(200, new Uint8Array([2])), 'corrupt', (r) => r.missing(ids, { signal }));
    await fails(saying(200, new Uint8Array(9)), 'corrupt', (r) => r.missing(ids, { signal }));
  });

  test('an answer from something else than a Holdfast server is unavailable', async () => {
    await fails((_request, response) => void response.end('<html>Sign in to the airport</html>'), 'unavailable');
    await fails((_request, response) => void response.writeHead(302, { location: 'http://example.invalid/' }).end(), 'unavailable');
  });

  test('a proxy’s status decides when there is no problem document', async () => {
    await fails((_request, response) => void response.writeHead(502).end('<html>'), 'unavailable');
    await fails((_request, response) => void response.writeHead(413).end('<html>'), 'limit');
    await fails((_request, response) => void response.writeHead(403).end('<html>'), 'denied');
    const busy = await fails((_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end(), 'unavailable');
    assert.equal(busy.details.retryAfterS, 7);
  });

  test('an answer that is too long is not read to its end', async () => {
    let written = 0;
    const endless: RequestListener = (_request, response) => {
      response.writeHead(200, { 'holdfast-instance': instance });
      const piece = Buffer.alloc(2 ** 20, 32);
      const write = (): void => {
        while (!response.destroyed && written < 2 ** 30) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', write);
        }
      };
      write();
    };
    await fails(endless, 'corrupt');
    assert.ok(written < 2 ** 28, `${written} bytes were sent`);
  });

  test('an answer that ends too early, and one that never comes, are unavailable', async () => {
    await fails((_request, response) => {
      response.writeHead(200, { 'holdfast-instance': instance, 'content-length': '100' });
      response.write('x');
      setImmediate(() => response.destroy());
    }, 'unavailable');
    await fails(() => undefined, 'unavailable');
  });

  test('a refusal that comes before the body was sent is heard', async () => {
    const bytes = new Uint8Array(16 * 2 ** 20);
    const refuse: RequestListener = (request, response) => {
      const problem = { type: 'x', title: 'x', status: 413, code: 'limit', detail: 'Too large.', details: { bytesMax: 5 } };
      response.writeHead(413, { 'holdfast-instance': instance }).end(JSON.stringify(problem));
      request.resume();
    };
    const error = await fails(refuse, 'limit', (r) => r.putPack({ id: '0'.repeat(64) as never, bytes }, { signal }));
    assert.equal(error.details.bytesMax, 5);
  });

  test('a commit tells a conflict or a lack of objects from an error of the same status', async () => {
    const stale = { kind: 'stale', head: { n: 3, id: 'e'.repeat(64) } };
    const corrupt = { type: 'x', title: 'x', status: 422, code: 'corrupt', detail: 'Garbled.' };
    assert.equal((await fails(saying(422, JSON.stringify(corrupt)), 'corrupt', (r) => commit(r))).message, 'Garbled.');
    await withAnswers(saying(409, JSON.stringify(stale)), async (repository) => {
      assert.deepEqual(await commit(repository), stale);
    });
  });

  test('a snapshot that is not what its id says is corrupt', async () => {
    const hash = (...parts: readonly Uint8Array[]): Buffer => parts.reduce((all, part) => all.update(part), createHash('sha256')).digest();
    const [header, sealed] = [Buffer.from('header'), Buffer.from('sealed')];
    const sealedHash = hash(sealed);
    const good = {
      workspace: '1'.repeat(32), seq: 1, receivedAt: 1, deviceName: 'd', id: hash(header, sealedHash).toString('hex'),
      header: header.toString('base64'), sealed: sealed.toString('base64') as string | null, sealedHash: sealedHash.toString('base64'),
    };
    const find = (r: RemoteRepository): Promise<unknown> => r.findSnapshots({ prefix: '0' }, { signal });
    const list = (r: RemoteRepository): Promise<unknown> => r.snapshots({ workspace: '1'.repeat(32) as WorkspaceId, before: undefined, limit: 5 }, { signal });
    const page = (one: object): RequestListener => saying(200, JSON.stringify({ snapshots: [one], more: false }));
    for (const one of [good, { ...good, sealed: null }]) await withAnswers(page(one), async (repository) => void (await find(repository)));
    const other = Buffer.from('others').toString('base64');
    const otherHash = hash(Buffer.from('others')).toString('base64');
    const lies = [{ id: 'a'.repeat(64) }, { header: other }, { sealed: other }, { sealedHash: otherHash }, { sealed: other, sealedHash: otherHash }, { sealed: null, sealedHash: '' }];
    for (const lie of lies) {
      for (const call of [find, list]) await fails(page({ ...good, ...lie }), 'corrupt', call);
    }
  });

  test('many uploads share few connections', async () => {
    const connections = new Set<unknown>();
    await withAnswers(
      (request, response) => {
        connections.add(request.socket);
        request.resume();
        request.on('end', () => response.writeHead(204, { 'holdfast-instance': instance }).end());
      },
      async (repository) => {
        const pack = { id: '0'.repeat(64) as never, bytes: new Uint8Array(100_000) };
        for (let i = 0; i < 10; i++) await Promise.all([repository.putPack(pack, { signal }), repository.putPack(pack, { signal })]);
      },
    );
    assert.ok(connections.size <= 2, `${connections.size} connections`);
  });

  test('any answer whatever gives a typed error or a value', async () => {
    let body: Uint8Array = new Uint8Array();
    let status = 200;
    const listener: RequestListener = (request, response) => {
      request.resume();
      response.writeHead(status, { 'holdfast-instance': instance }).end(body);
    };
    const text = fc.oneof(fc.json(), fc.string()).map((one) => Buffer.from(one));
    await withAnswers(listener, async (repository) => {
      await fc.assert(
        fc.asyncProperty(fc.oneof(text, fc.uint8Array()), fc.constantFrom(200, 400, 409, 422, 500), async (bytes, answered) => {
          body = bytes;
          status = answered;
          const calls = [
            repository.workspaces({ signal }),
            repository.lanes('0'.repeat(32) as WorkspaceId, { signal }),
            repository.snapshots({ workspace: '0'.repeat(32) as WorkspaceId, before: undefined, limit: 5 }, { signal }),
            repository.fetch({ kind: 'objects', ids: [] }, { signal }),
            repository.getRing({ signal }),
            commit(repository),
          ];
          for (const outcome of await Promise.allSettled(calls)) {
            if (outcome.status === 'rejected') assert.ok(isBackupError(outcome.reason), String(outcome.reason));
          }
        }),
        { numRuns: 100 },
      );
    });
  });

  test('the token goes into the header, and only once there is one', async () => {
    const seen: (string | undefined)[] = [];
    const listener: RequestListener = (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { 'holdfast-instance': instance }).end(JSON.stringify({ instance, versions: [1] }));
    };
    await withAnswers(listener, async (repository, server) => {
      await repository.instance({ signal });
      const anonymous = connectAccount({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, trust: { kind: 'system' }, token: undefined });
      await anonymous.health({ signal });
      anonymous.close();
    });
    assert.deepEqual(seen, ['Bearer token', undefined]);
  });
});
