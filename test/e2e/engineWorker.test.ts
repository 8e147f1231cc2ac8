// The extension's engine without an editor, beside a server that goes away and comes back.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { EngineClient, type WorkerHandle } from '../../extension/engineClient.ts';
import type { EngineEvent } from '../../extension/messages/engineCalls.ts';
import { composeWorker } from '../../extension/worker/compose.ts';
import { password, temporaryFolder, user } from './bench.ts';
import { TestServer } from './testServer.ts';

const { signal } = new AbortController();
const rules = { exclude: [], fileBytesMax: 1024 ** 3 };

/** An engine in this thread, and its events. */
function startEngine(context: TestContext, home: string): { readonly engine: EngineClient; readonly until: (fits: (event: EngineEvent) => boolean) => Promise<void> } {
  const { port1, port2 } = new MessageChannel();
  composeWorker(port2, { home, hostName: 'here' });
  const handle: WorkerHandle = {
    postMessage: (message) => port1.postMessage(message),
    on: (event: string, listener: (value: never) => void) => port1.on(event, listener as (value: unknown) => void),
    terminate: async () => await Promise.resolve(port1.close()),
  };
  const engine = new EngineClient(() => handle);
  context.after(async () => await engine.close({ signal }));
  const until = async (fits: (event: EngineEvent) => boolean): Promise<void> =>
    await new Promise((resolve) => {
      const listener = engine.onEvent((event) => {
        if (!fits(event)) return;
        listener.dispose();
        resolve();
      });
    });
  return { engine, until };
}

for (const auto of [true, false]) {
  test(`what is captured while the server is away is sent when it is back, with automatic backup ${auto ? 'on' : 'off'}`, async (context) => {
    const base = await temporaryFolder(context);
    const data = join(base, 'server');
    await mkdir(data);
    const server = await TestServer.start({ data });
    context.after(async () => await server.kill());
    await server.addUser(user, password);
    const folder = join(base, 'app');
    await mkdir(folder);
    await writeFile(join(folder, 'a.txt'), 'one\n');
    const { engine, until } = startEngine(context, join(base, 'home'));
    const { url } = server;
    const certificate = await engine.call('certificate', { url, proxy: undefined }, { signal });
    const trust = { kind: 'pinned', pem: certificate?.pem ?? '', fingerprint: server.fingerprint } as const;
    const session = await engine.call('signIn', { url, user, password, device: 'editor', trust, proxy: undefined }, { signal });
    await engine.call('useSession', { session, proxy: undefined }, { signal });
    await engine.call('follow', { folders: [{ folder, name: 'app', rules, auto, coalesceMs: 0 }] }, { signal });
    const first = await engine.call('push', { folder, message: undefined }, { signal });

    await server.stop();
    await writeFile(join(folder, 'a.txt'), 'two\n');
    const queued = await engine.call('push', { folder, message: 'while away' }, { signal });
    assert.equal(queued.outcome, 'queued');
    const arrived = until((event) => event.kind === 'snapshot');
    await server.start();
    await arrived;

    const workspace = first.workspace!;
    const [newest] = await engine.call('snapshots', { workspace, before: undefined, limit: 10 }, { signal });
    assert.equal(newest?.message, 'while away');
    assert.equal(newest.id, queued.snapshot);
  });
}
