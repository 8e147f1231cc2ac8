import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { BackupError, isBackupError, type ErrorCode, type ErrorDetails } from '../../base/errors.ts';
import { apiPrefix } from '../../protocol/routes.ts';
import { lineLog } from '../../engine/platform/log.ts';
import { systemClock } from '../../engine/platform/clock.ts';
import type { Clock } from '../../engine/ports/primitives.ts';
import type { Repository } from '../../engine/ports/repository.ts';
import { openMemoryCore } from '../../test/support/memoryCore.ts';
import { LiveServer, password, type LiveDevice } from '../../test/support/liveServer.ts';

/** A live server of which one call of the core does what the test says. */
async function withFault(
  fault: Partial<Repository>,
  run: (live: { server: LiveServer; ann: LiveDevice; lines: string[] }) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const lines: string[] = [];
  const core = openMemoryCore();
  const faulty = { ...core, accountRepository: () => fault as ReturnType<typeof core.accountRepository> };
  const log = lineLog((line) => lines.push(line), { level: 'debug', clock: systemClock });
  const server = await LiveServer.start({ core: faulty, log, clock });
  try {
    await server.addUser('ann');
    await run({ server, ann: await server.signIn('ann', 'laptop'), lines });
  } finally {
    await server.close();
  }
}

describe('errors behind the routes', () => {
  const workspaces = `${apiPrefix}/workspaces`;

  test('an unexpected one is a 500 that tells nothing, and its log tells no secret', async () => {
    const fault = { workspaces: () => Promise.reject(new TypeError('cannot read secret of /data/path')) };
    await withFault(fault, async ({ server, ann, lines }) => {
      const { status, text } = await server.raw({ path: workspaces, token: ann.token });
      assert.equal(status, 500);
      assert.doesNotMatch(text, /secret|path|TypeError|\.ts/);
      const logged = lines.join('');
      assert.match(logged, /"event":"unexpected".*cannot read secret/);
      for (const secret of [ann.token, password]) assert.ok(!logged.includes(secret));
      await assert.rejects(ann.repository.workspaces(server), (error) => isBackupError(error, 'unavailable'));
    });
  });

  test('an error of the server’s own tells its cause to the log and not to the client', async () => {
    const cause = new Error("EIO: i/o error, read '/data/volumes/ab.volume'");
    const fault = { workspaces: () => Promise.reject(new BackupError('unavailable', 'Stored data cannot be read now.', {}, { cause })) };
    await withFault(fault, async ({ server, ann, lines }) => {
      const { status, text } = await server.raw({ path: workspaces, token: ann.token });
      assert.equal(status, 503);
      assert.doesNotMatch(text, /EIO|volume/);
      assert.match(lines.join(''), /"event":"failed".*"code":"unavailable".*EIO/);
    });
  });

  const kinds: readonly (readonly [ErrorCode, ErrorDetails, number])[] = [
    ['limit', { reason: 'disk-full' }, 507],
    ['limit', { reason: 'quota' }, 507],
    ['limit', {}, 413],
    ['unavailable', { retryAfterS: 3 }, 503],
    ['corrupt', { id: 'x' }, 422],
    ['conflict', {}, 409],
    ['denied', { reason: 'forbidden' }, 403],
  ];
  for (const [code, details, want] of kinds) {
    test(`${code} ${JSON.stringify(details)} travels as ${want} and arrives as it was`, async () => {
      const fault = { workspaces: () => Promise.reject(new BackupError(code, 'A sentence.', details)) };
      await withFault(fault, async ({ server, ann }) => {
        assert.equal((await server.raw({ path: workspaces, token: ann.token })).status, want);
        await assert.rejects(ann.repository.workspaces(server), (error) => {
          assert.ok(isBackupError(error, code));
          assert.equal(error.message, 'A sentence.');
          assert.deepEqual(error.details, details);
          return true;
        });
      });
    });
  }

  test('a client that goes away stops the work that was done for it', async () => {
    let stopped: unknown;
    const began = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const fault: Partial<Repository> = {
      workspaces: ({ signal }) => {
        began.resolve();
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            stopped = signal.reason;
            ended.resolve();
            reject(signal.reason);
          }),
        );
      },
    };
    await withFault(fault, async ({ server, ann, lines }) => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
      await once(socket, 'connect');
      socket.write(`GET ${workspaces} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ann.token}\r\n\r\n`);
      await began.promise;
      socket.destroy();
      await ended.promise;
      assert.ok(isBackupError(stopped, 'cancelled'));
      assert.ok(!lines.join('').includes('"event":"unexpected"'));
    });
  });

  test('a client that does not take its answer is hung up on', async () => {
    const fault: Partial<Repository> = { fetch: async () => [new Uint8Array(16 * 2 ** 20)] };
    // Time runs for the long answer only: a busy machine must not miss the deadline of a short body.
    const hasty: Clock = { now: systemClock.now, sleep: (ms, options) => systemClock.sleep(ms > 60_000 ? ms / 1000 : ms, options) };
    await withFault(
      fault,
      async ({ server, ann, lines }) => {
        const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
        await once(socket, 'connect');
        socket.pause();
        const body = '{"kind":"objects","ids":[]}';
        const head = `POST ${apiPrefix}/objects/fetch HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${ann.token}`;
        socket.write(`${head}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        // Its kernel takes some of it, whatever we do; then the server is done with us.
        while (!lines.some((line) => line.includes('"event":"request"') && line.includes('"route":"fetch"'))) await systemClock.sleep(20, server);
        let bytes = 0;
        socket.on('error', () => undefined);
        socket.on('data', (piece: Buffer) => (bytes += piece.length));
        socket.resume();
        await new Promise<void>((resolve) => socket.on('close', () => resolve())); // `once` would reject on a reset
        assert.ok(bytes > 0 && bytes < 16 * 2 ** 20, `${bytes} bytes came`);
      },
      hasty,
    );
  });

  test('a caller that gives up is told its own reason', async () => {
    const fault: Partial<Repository> = { workspaces: () => new Promise(() => undefined) };
    await withFault(fault, async ({ ann }) => {
      const giveUp = new AbortController();
      const call = ann.repository.workspaces({ signal: giveUp.signal });
      giveUp.abort(new BackupError('cancelled', 'Enough.'));
      await assert.rejects(call, /Enough/);
    });
  });
});
