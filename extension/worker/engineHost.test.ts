// The worker's side over a real HTTP listener, as the editor's side talks to it.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import type { BytePath } from '../../engine/core/byteString.ts';
import { LiveServer, password } from '../../test/support/liveServer.ts';
import { EngineClient, type WorkerHandle } from '../engineClient.ts';
import type { EngineEvent, FollowedFolder } from '../messages/engineCalls.ts';
import { composeWorker } from './compose.ts';

const { signal } = new AbortController();
const rules = { exclude: [], fileBytesMax: 1024 ** 3 };
const path = (text: string): BytePath => text as BytePath;

interface Window {
  readonly engine: EngineClient;
  readonly events: EngineEvent[];
  readonly server: LiveServer;
  readonly folder: string;
  readonly home: string;
  follow(settings?: Partial<FollowedFolder>): Promise<void>;
  /** Resolves with the first event, from now on or before, that fits. */
  until(fits: (event: EngineEvent) => boolean): Promise<EngineEvent>;
}

/** A worker in this thread, signed in to a server, with a folder of two files. */
async function openWindow(context: TestContext, shared?: Window): Promise<Window> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-ext-')));
  const server = shared?.server ?? (await LiveServer.start());
  if (shared === undefined) await server.addUser('ann');
  const home = shared?.home ?? join(base, 'home');
  const folder = shared?.folder ?? join(base, 'app');
  await mkdir(join(folder, 'src'), { recursive: true });
  if (shared === undefined) {
    await writeFile(join(folder, 'a.txt'), 'one\n');
    await writeFile(join(folder, 'src', 'b.txt'), 'bee\n');
  }
  const { port1, port2 } = new MessageChannel();
  composeWorker(port2, { home, hostName: 'here' });
  const handle: WorkerHandle = {
    postMessage: (message) => port1.postMessage(message),
    on: (event: string, listener: (value: never) => void) => port1.on(event, listener as (value: unknown) => void),
    terminate: async () => port1.close(),
  };
  const engine = new EngineClient(() => handle);
  const events: EngineEvent[] = [];
  const waiting = new Set<() => void>();
  engine.onEvent((event) => {
    events.push(event);
    for (const look of waiting) look();
  });
  context.after(async () => {
    await engine.close({ signal });
    if (shared === undefined) await server.close();
    await rm(base, { recursive: true, force: true, maxRetries: 3 });
  });
  const session = await engine.call('signIn', { url: server.url, user: 'ann', password, device: 'editor', trust: { kind: 'system' }, proxy: undefined }, { signal });
  await engine.call('useSession', { session, proxy: undefined }, { signal });
  return {
    engine,
    events,
    server,
    folder,
    home,
    follow: async (settings = {}) =>
      await engine.call('follow', { folders: [{ folder, name: 'app', rules, auto: true, coalesceMs: 10_000, ...settings }] }, { signal }),
    until: async (fits) =>
      await new Promise((resolve) => {
        const look = (): void => {
          const found = events.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

const isSnapshot = (event: EngineEvent): boolean => event.kind === 'snapshot';

test('a followed folder is backed up, and each change after it', async (context) => {
  const window = await openWindow(context);
  const { engine, folder } = window;
  await window.follow();
  await window.until(isSnapshot);
  window.events.length = 0;
  await writeFile(join(folder, 'a.txt'), 'two\n');
  await engine.call('notice', { folder, paths: ['a.txt'], cause: 'save' }, { signal });
  await window.until(isSnapshot);
  const workspace = await engine.call('workspaceOf', { folder }, { signal });
  assert.equal(workspace?.name, 'app');
  const [second, first] = await engine.call('snapshots', { workspace: workspace.id, before: undefined, limit: 10 }, { signal });
  assert.equal(second?.trigger, 'save');
  assert.equal(first?.first, true);
  const { changes, previous } = await engine.call('changes', { snapshot: second.id, limit: 100 }, { signal });
  assert.deepEqual(changes, [{ path: 'a.txt', kind: 'modify', entry: 'file' }]);
  assert.equal(previous, first.id);
  const read = async (snapshot: typeof second): Promise<string> =>
    Buffer.from(await engine.call('readFile', { snapshot: snapshot.id, path: path('a.txt') }, { signal })).toString();
  assert.deepEqual([await read(first), await read(second)], ['one\n', 'two\n']);
  const listed = await engine.call('directory', { snapshot: first.id, path: path('') }, { signal });
  assert.deepEqual(listed.map(({ path: at, kind }) => [at, kind]), [['a.txt', 'file'], ['src', 'directory']]);
  const history = await engine.call('history', { workspace: workspace.id, path: path('a.txt'), limit: 10 }, { signal });
  assert.deepEqual(history.items.map(({ kind }) => kind), ['modify', 'add']);
});

test('a restore is previewed, carried out, and taken back; what is edited is left alone', async (context) => {
  const window = await openWindow(context);
  const { engine, folder } = window;
  await window.follow({ auto: false });
  const first = await engine.call('push', { folder, message: undefined }, { signal });
  assert.equal(first.outcome, 'acknowledged');
  await writeFile(join(folder, 'a.txt'), 'two\n');
  await writeFile(join(folder, 'src', 'b.txt'), 'changed\n');
  const call = { folder, snapshot: first.snapshot!, path: path(''), deleteOthers: false };
  const preview = await engine.call('planRestore', call, { signal });
  assert.deepEqual(preview.actions, [{ kind: 'replace', path: 'a.txt' }, { kind: 'replace', path: 'src/b.txt' }]);
  const report = await engine.call('restore', { ...call, except: [path('src/b.txt')] }, { signal });
  assert.deepEqual(report.refused, [{ path: 'src/b.txt', reason: 'uncapturable' }]);
  assert.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'one\n');
  assert.equal(await readFile(join(folder, 'src', 'b.txt'), 'utf8'), 'changed\n');
  await engine.call('undo', { folder, except: [] }, { signal });
  assert.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'two\n');
});

test('a deleted folder is found and comes back', async (context) => {
  const window = await openWindow(context);
  const { engine, folder } = window;
  await window.follow({ auto: false });
  await engine.call('push', { folder, message: undefined }, { signal });
  await rm(join(folder, 'src'), { recursive: true });
  const { workspace, snapshot } = await engine.call('push', { folder, message: undefined }, { signal });
  const [deleted] = await engine.call('deletedFiles', { workspace: workspace!, limit: 10 }, { signal });
  assert.equal(deleted?.path, 'src/b.txt');
  const { changes } = await engine.call('changes', { snapshot: snapshot!, limit: 10 }, { signal });
  assert.deepEqual(changes, [{ path: 'src', kind: 'delete', entry: 'directory' }]);
  await engine.call('restore', { folder, snapshot: deleted.snapshot, path: path('src'), deleteOthers: false, except: [] }, { signal });
  assert.equal(await readFile(join(folder, 'src', 'b.txt'), 'utf8'), 'bee\n');
});

test('two windows on one folder are one engine, and the second takes over when the first goes', async (context) => {
  const one = await openWindow(context);
  await one.follow({ auto: false });
  await one.engine.call('push', { folder: one.folder, message: undefined }, { signal });
  const two = await openWindow(context, one);
  await two.follow({ auto: false });
  await writeFile(join(one.folder, 'a.txt'), 'two\n');
  const asked = await two.engine.call('push', { folder: one.folder, message: 'from the other' }, { signal });
  assert.equal(asked.outcome, 'acknowledged');
  await one.engine.call('useSession', { session: undefined, proxy: undefined }, { signal });
  await writeFile(join(one.folder, 'a.txt'), 'three\n');
  const own = await two.engine.call('push', { folder: one.folder, message: undefined }, { signal });
  assert.equal(own.outcome, 'acknowledged');
  assert.equal(own.workspace, asked.workspace);
  const all = await two.engine.call('snapshots', { workspace: own.workspace!, before: undefined, limit: 10 }, { signal });
  assert.equal(all.length, 3);
});

test('counts what consent is asked for', async (context) => {
  const { engine, folder } = await openWindow(context);
  await writeFile(join(folder, '.gitignore'), '*.log\n');
  await writeFile(join(folder, 'x.log'), 'x');
  const survey = await engine.call('survey', { folder, rules }, { signal });
  assert.deepEqual([survey.files, survey.bytes, survey.leftOut, survey.more], [3, 14, 1, false]);
  assert.equal(survey.reasons[0]?.reason, '.gitignore:1  *.log');
});

test('nobody signed in is told so, and a revoked token too', async (context) => {
  const window = await openWindow(context);
  const { engine, folder, server } = window;
  await window.follow({ auto: false });
  const session = await engine.call('signIn', { url: server.url, user: 'ann', password, device: 'other', trust: { kind: 'system' }, proxy: undefined }, { signal });
  await engine.call('signOut', { session, proxy: undefined }, { signal });
  await engine.call('useSession', { session, proxy: undefined }, { signal });
  await assert.rejects(engine.call('workspaceOf', { folder }, { signal }), { code: 'denied' });
  await engine.call('useSession', { session: undefined, proxy: undefined }, { signal });
  await assert.rejects(engine.call('push', { folder, message: undefined }, { signal }), { code: 'denied' });
});
