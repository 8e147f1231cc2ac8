import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../engine/core/byteString.ts';
import type { FolderEvent, WatchFolderOptions } from '../../engine/platform/watchFolder.ts';
import type { AbsolutePath } from '../../engine/ports/files.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import { FolderEvents } from './folderEvents.ts';

function bench(): { readonly events: FolderEvents; readonly noticed: string[]; readonly opened: string[]; send(event: FolderEvent): void } {
  const noticed: string[] = [];
  const opened: string[] = [];
  let send: (event: FolderEvent) => void = () => assert.fail('nobody watches');
  let leftOut = ['node_modules'];
  const events = new FolderEvents({
    root: '/w' as AbsolutePath,
    leftOut: () => Promise.resolve(leftOut as BytePath[]),
    notice: (changed: Dirty) => noticed.push(changed === 'all' ? changed : [...changed].join(' ')),
    watchFolder: (options: WatchFolderOptions) => {
      opened.push([...(options.ignore ?? [])].join(' '));
      send = options.onEvent;
      leftOut = [];
      return Promise.resolve({ close: () => Promise.resolve(void opened.push('closed')) });
    },
  });
  return { events, noticed, opened, send: (event) => send(event) };
}

const dirty = (...paths: readonly string[]): FolderEvent => ({ kind: 'dirty', paths: new Set(paths as BytePath[]) });

test('events are passed on, and a watcher that lost some asks for a look at everything', async () => {
  const { events, noticed, opened, send } = bench();
  await events.open();
  send(dirty('a', 'b/c'));
  send({ kind: 'rescan', reason: 'too much' });
  await events.refresh();
  assert.deepEqual(noticed, ['a b/c', 'all']);
  assert.deepEqual(opened, ['node_modules']);
});

test('when a rule file changes, what the rules keep now is watched, once', async () => {
  const { events, noticed, opened, send } = bench();
  await events.open();
  send(dirty('sub/.gitignore'));
  await events.refresh();
  await events.refresh();
  assert.deepEqual(opened, ['node_modules', 'closed', '']);
  assert.deepEqual(noticed, ['sub/.gitignore', 'all']);
});
