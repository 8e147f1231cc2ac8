import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { byteStringOfText, isWithin } from '../core/byteString.ts';
import type { BytePath } from '../core/byteString.ts';
import { absolutePath } from './nativePath.ts';
import { type FolderEvent, watchFolder } from './watchFolder.ts';

const patienceMs = 60_000;

/** A watched folder in a place of its own. */
async function watched(t: TestContext, { before, ignore = [] }: { readonly before?: (directory: string) => Promise<unknown>; readonly ignore?: readonly string[] } = {}) {
  const directory = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'holdfast-watch-')));
  await before?.(directory);
  const events: FolderEvent[] = [];
  let notify = (): void => {};
  const watcher = await watchFolder({
    root: absolutePath(directory),
    ignore: ignore.map((path) => byteStringOfText(path)),
    onEvent(event) {
      events.push(event);
      notify();
    },
  });
  t.after(async () => {
    await watcher.close();
    await fs.rm(directory, { recursive: true, force: true });
  });
  return {
    directory,
    watcher,
    events,
    /** Waits until an event says that `path` may have changed; forgets all events. */
    async sees(...paths: readonly string[]): Promise<void> {
      const wanted = paths.map((path) => byteStringOfText(path));
      const deadline = Date.now() + patienceMs;
      while (!wanted.every((path) => events.some((event) => concerns(event, path)))) {
        const left = deadline - Date.now();
        assert.ok(left > 0, `no event for ${paths.join()}: ${JSON.stringify(events.map((event) => (event.kind === 'dirty' ? [...event.paths] : event)))}`);
        await Promise.race([new Promise<void>((resolve) => (notify = resolve)), setTimeout(left, undefined, { ref: false })]);
      }
      events.length = 0;
    },
  };
}

function concerns(event: FolderEvent, path: BytePath): boolean {
  return event.kind === 'rescan' || [...event.paths].some((dirty) => isWithin(path, dirty));
}

function onlyDirty(events: readonly FolderEvent[]): void {
  assert.ok(events.every(({ kind }) => kind === 'dirty'), JSON.stringify(events));
}

test('sees files that are written, changed, renamed and removed', async (t) => {
  const { directory, sees, events } = await watched(t);
  await fs.writeFile(join(directory, 'a.txt'), 'one');
  await sees('a.txt');
  await fs.appendFile(join(directory, 'a.txt'), 'two');
  await sees('a.txt');
  await fs.rename(join(directory, 'a.txt'), join(directory, 'b.txt'));
  await sees('a.txt', 'b.txt');
  onlyDirty(events);
  await fs.rm(join(directory, 'b.txt'));
  await sees('b.txt');
});

test('sees an editor that replaces the file', async (t) => {
  const { directory, sees } = await watched(t, { before: async (at) => await fs.writeFile(join(at, 'a.txt'), 'one') });
  execFileSync('sed', ['-i', 's/one/two/', join(directory, 'a.txt')]);
  await sees('a.txt');
  await fs.chmod(join(directory, 'a.txt'), 0o600);
  await sees('a.txt');
});

test('sees what is in directories that come with directories in them', async (t) => {
  const { directory, sees } = await watched(t);
  await fs.mkdir(join(directory, 'a/b/c/d'), { recursive: true });
  await sees('a/b/c/d');
  await fs.writeFile(join(directory, 'a/b/c/d/deep.txt'), 'x');
  await sees('a/b/c/d/deep.txt');
});

test('sees what changes in a renamed directory by its new name', async (t) => {
  const { directory, sees } = await watched(t, {
    before: async (at) => {
      await fs.mkdir(join(at, 'old/sub/sub'), { recursive: true });
      await fs.writeFile(join(at, 'old/sub/sub/f'), 'x');
    },
  });
  await fs.rename(join(directory, 'old'), join(directory, 'new'));
  await sees('old', 'new');
  await fs.writeFile(join(directory, 'new/sub/sub/f'), 'changed');
  await sees('new/sub/sub/f');
  await fs.rename(join(directory, 'new'), join(directory, 'newer'));
  await sees('new', 'newer');
  await fs.writeFile(join(directory, 'newer/sub/sub/f'), 'changed again');
  await sees('newer/sub/sub/f');
});

test('sees a directory that goes and comes back', async (t) => {
  const { directory, sees } = await watched(t);
  for (let round = 0; round < 3; round++) {
    await fs.mkdir(join(directory, 'dist/assets'), { recursive: true });
    await fs.writeFile(join(directory, 'dist/assets/a.js'), String(round));
    await sees('dist/assets/a.js');
    await setTimeout(100);
    await fs.writeFile(join(directory, 'dist/assets/b.js'), String(round));
    await sees('dist/assets/b.js');
    await fs.rm(join(directory, 'dist'), { recursive: true });
    await sees('dist');
  }
});

test('sees names that are not UTF-8 through their directory', async (t) => {
  const { directory, sees } = await watched(t, { before: async (at) => await fs.mkdir(join(at, 'sub')) });
  await fs.writeFile(Buffer.concat([Buffer.from(`${directory}/sub/`), Buffer.from([0xff, 0xfe])]), 'x');
  await sees('sub');
});

test('sees names with newlines, quotes and accents', async (t) => {
  const { directory, sees } = await watched(t);
  const name = 'a\n"b\' \u00e9 e\u0301 \u{1f600}';
  await fs.writeFile(join(directory, name), 'x');
  await sees(name);
});

test('asks for a scan when very much changes at once', async (t) => {
  const { directory, events } = await watched(t);
  for (let i = 0; i < 6_000; i++) await fs.writeFile(join(directory, `f${i}`), '');
  const deadline = Date.now() + patienceMs;
  const seen = (): number => events.reduce((sum, event) => (event.kind === 'dirty' ? sum + event.paths.size : Infinity), 0);
  while (seen() < 6_000 && Date.now() < deadline) await setTimeout(20);
  assert.ok(seen() >= 6_000);
});

test('says nothing of staged siblings, nor of directories that are left out', async (t) => {
  const { directory, sees, events } = await watched(t, { before: async (at) => await fs.mkdir(join(at, 'out')), ignore: ['out'] });
  await fs.writeFile(join(directory, '.holdfast-0123456789abcdef.tmp'), 'x');
  await fs.writeFile(join(directory, 'out/x'), 'x');
  await setTimeout(700);
  assert.deepEqual(events, []);
  await fs.writeFile(join(directory, 'in'), 'x');
  await sees('in');
});

test('watches around a directory that is too deep to be named', async (t) => {
  const { directory, sees } = await watched(t, {
    before: async (at) => {
      const script = "for (let i = 0; i < 30; i++) { const n = 'd'.repeat(200); require('fs').mkdirSync(n); process.chdir(n); }";
      execFileSync(process.execPath, ['-e', script], { cwd: at });
    },
  });
  await fs.writeFile(join(directory, 'a.txt'), 'x');
  await sees('a.txt');
  execFileSync('rm', ['-rf', directory]);
});

test('says nothing after it is closed', async (t) => {
  const { directory, watcher, events } = await watched(t);
  await watcher.close();
  await fs.writeFile(join(directory, 'a'), 'x');
  await setTimeout(300);
  assert.deepEqual(events, []);
});
