import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../engine/core/byteString.ts';
import { byteStringFrom } from '../../engine/core/byteString.ts';
import type { SnapshotId, WorkspaceId } from '../../protocol/ids.ts';
import type { FolderStatus, SnapshotSummary, Survey } from '../messages/engineCalls.ts';
import { Attention } from './attention.ts';
import { consentQuestion, leftOutText } from './consentText.ts';
import { parseServerAddress } from './serverAddress.ts';
import { foldRuns, groupByDay } from './snapshotRuns.ts';
import { countsText, runText } from './snapshotText.ts';
import { parseSnapshotUri, snapshotUriParts } from './snapshotUri.ts';
import { statusText, type WindowState } from './statusText.ts';
import { formatAge, formatBytes, formatCount } from './units.ts';

const noon = new Date(2026, 2, 3, 12, 0, 0).getTime();
const minute = 60_000;
const day = 24 * 60 * minute;
const id = 'ab'.repeat(32) as SnapshotId;

function snapshot(parts: Partial<SnapshotSummary> = {}): SnapshotSummary {
  return {
    id,
    workspace: 'w' as WorkspaceId,
    seq: 1,
    receivedAt: noon,
    deviceName: 'here',
    trigger: 'save',
    partial: false,
    stub: false,
    first: false,
    message: undefined,
    counts: { files: 10, directories: 1, symlinks: 0, bytes: 100, filesNew: 0, filesChanged: 1, filesDeleted: 0 },
    warnings: 0,
    changed: ['a.txt' as BytePath],
    ...parts,
  };
}

test('days are called as people call them', () => {
  const days = groupByDay([snapshot(), snapshot({ receivedAt: noon - day }), snapshot({ receivedAt: noon - 40 * day })], noon);
  assert.deepEqual(days.map(({ label, count }) => [label, count]), [['Today', 1], ['Yesterday', 1], ['Thu, 22 Jan 2026', 1]]);
});

test('saves of the same file that follow each other are one line', () => {
  const runs = foldRuns([snapshot({ receivedAt: noon }), snapshot({ receivedAt: noon - minute }), snapshot({ receivedAt: noon - 2 * minute })]);
  assert.deepEqual(runs.map(({ snapshots }) => snapshots.length), [3]);
  assert.equal(runText(runs[0]!), '1 file changed · 3 versions · saved');
});

test('what is of other files, long ago, by hand or has a message stands for itself', () => {
  const others: Partial<SnapshotSummary>[] = [
    { changed: ['b.txt' as BytePath] },
    { receivedAt: noon - 60 * minute },
    { trigger: 'manual' },
    { trigger: 'before-restore' },
    { message: 'before the demo' },
    { first: true },
    { deviceName: 'there' },
    { changed: [] },
  ];
  for (const other of others) {
    const runs = foldRuns([snapshot(), snapshot({ receivedAt: noon - minute, ...other })]);
    assert.equal(runs.length, 2, JSON.stringify(other));
  }
});

test('counts say what changed', () => {
  assert.equal(countsText(snapshot()), '1 file changed');
  assert.equal(countsText(snapshot({ first: true })), 'everything, 10 files');
  assert.equal(countsText(snapshot({ stub: true })), 'thinned out');
  const counts = { files: 10, directories: 1, symlinks: 0, bytes: 100, filesNew: 1_200, filesChanged: 3, filesDeleted: 2 };
  assert.equal(countsText(snapshot({ counts })), '1,200 new, 3 changed, 2 deleted');
});

test('an address in a snapshot is read back exactly, whatever the name', () => {
  for (const path of ['', 'a.txt', 'src/ä b?#%.ts', 'x\ny'].map((text) => byteStringFrom(new TextEncoder().encode(text))).concat(byteStringFrom(new Uint8Array([0x61, 0xff, 0x2f, 0x62])))) {
    assert.deepEqual(parseSnapshotUri(snapshotUriParts({ snapshot: id, path })), { snapshot: id, path });
  }
  assert.throws(() => parseSnapshotUri({ authority: 'nonsense', path: '/a', query: '' }), { code: 'invalid' });
  assert.throws(() => parseSnapshotUri({ authority: id, path: '/a/../../b', query: '' }), { code: 'invalid' });
});

test('a server is named by its line, its address, or host and port', () => {
  const sha = '0f'.repeat(32);
  assert.deepEqual(parseServerAddress(` holdfast://ann@box:8420#${sha} `), { url: 'https://box:8420', user: 'ann', fingerprint: sha });
  assert.equal(parseServerAddress('box:8420').url, 'https://box:8420');
  assert.equal(parseServerAddress('https://Box.example/').url, 'https://box.example');
  assert.equal(parseServerAddress('http://127.0.0.1:1').url, 'http://127.0.0.1:1');
  assert.equal(parseServerAddress('https://[::1]:8420').url, 'https://[::1]:8420');
  for (const wrong of ['http://box:8420', 'https://a@box', 'https://box/path', 'ftp://box', 'holdfast://ann@box']) {
    assert.throws(() => parseServerAddress(wrong), { code: 'invalid' }, wrong);
  }
});

const survey: Survey = { files: 1_240, bytes: 18_000_000, leftOut: 31_000, reasons: [{ reason: '.gitignore:1  *.log', count: 30_000 }], more: false };

test('consent says how much goes where, and asks twice about much', () => {
  const common = { name: 'app', server: 'box:8420', survey, whole: undefined } as const;
  assert.deepEqual(consentQuestion(common), { question: 'Back up “app” (1,240 files, 18 MB; 31,000 left out) to box:8420?', again: undefined });
  for (const other of [{ whole: 'root' }, { whole: 'home' }, { survey: { ...survey, files: 100_001 } }, { survey: { ...survey, bytes: 5_000_000_001 } }, { survey: { ...survey, more: true } }] as const) {
    assert.notEqual(consentQuestion({ ...common, ...other }).again, undefined, JSON.stringify(other));
  }
  assert.match(leftOutText(survey), /30,000 × \.gitignore:1 {2}\*\.log\n1,000 × other reasons/);
});

const idle: FolderStatus = { phase: 'idle', progress: undefined, acknowledgedAt: noon, waiting: 0, dirty: false, problem: undefined };
const window = (status: Partial<FolderStatus> | undefined, parts: Partial<WindowState> = {}): WindowState => ({
  signedIn: true,
  folders: [{ name: 'app', auto: true, status: status && { ...idle, ...status } }],
  others: 0,
  server: 'box',
  trusted: true,
  watching: 'watching',
  ...parts,
});

test('the status bar says how things are, the worst first', () => {
  const texts = (state: WindowState): readonly [string, string] => {
    const { text, action } = statusText(state, noon + 2 * minute);
    return [text, action];
  };
  assert.deepEqual(texts(window({}, { signedIn: 'unknown' })), ['$(cloud) Backup', 'show']);
  assert.deepEqual(texts(window({}, { signedIn: false })), ['$(cloud) Backup: sign in', 'sign-in']);
  assert.deepEqual(texts(window({}, { trusted: false })), ['$(shield) Backup: paused', 'trust']);
  assert.deepEqual(texts(window({}, { folders: [], others: 1 })), ['$(cloud) Backup: off', 'choose-folders']);
  assert.deepEqual(texts(window({})), ['$(cloud) Backed up 2 min ago', 'show']);
  assert.deepEqual(texts(window({ dirty: true })), ['$(cloud-upload) Backed up 2 min ago', 'show']);
  assert.deepEqual(texts(window({ phase: 'working' })), ['$(sync~spin) Backup', 'show']);
  assert.deepEqual(texts(window({ waiting: 3 })), ['$(cloud-upload) Backup: 3 queued', 'log']);
  const problem = (code: 'denied' | 'limit' | 'unavailable') => ({ code, message: 'It said no.', reason: undefined });
  assert.deepEqual(texts(window({ problem: problem('unavailable') })), ['$(cloud-upload) Backup: offline', 'log']);
  assert.deepEqual(texts(window({ problem: problem('denied'), waiting: 2 })), ['$(error) Backup: failed', 'sign-in']);
  assert.deepEqual(texts(window({ problem: problem('limit') })), ['$(error) Backup: failed', 'log']);
});

test('the age is that of the newest acknowledgement, once every folder has one; each is in the tooltip', () => {
  const folders = [
    { name: 'a', auto: true, status: idle },
    { name: 'b', auto: true, status: { ...idle, acknowledgedAt: noon - 60 * minute } },
  ];
  const { text, tooltip } = statusText(window({}, { folders }), noon);
  assert.equal(text, '$(cloud) Backed up just now');
  assert.match(tooltip, /“a”: the server has everything as of just now\.\n\n“b”: the server has everything as of 1 h ago\./);
  assert.equal(statusText(window({ acknowledgedAt: undefined }), noon).text, '$(cloud) Backed up');
});

test('a person is told of a problem once, until it is over', () => {
  const attention = new Attention();
  const denied = { ...idle, problem: { code: 'denied', message: 'no', reason: undefined } } as const;
  const away = { ...idle, problem: { code: 'unavailable', message: 'gone', reason: undefined } } as const;
  assert.equal(attention.take('a', away), undefined);
  assert.equal(attention.take('a', denied)?.code, 'denied');
  assert.equal(attention.take('a', denied), undefined);
  assert.equal(attention.take('b', denied), undefined);
  assert.equal(attention.take('a', idle), undefined);
  assert.equal(attention.take('b', idle), undefined);
  assert.equal(attention.take('a', denied)?.code, 'denied');
});

test('numbers read well', () => {
  assert.deepEqual([0, 999, 1_500, 18_000_000, 5_000_000_000].map(formatBytes), ['0 B', '999 B', '1.5 KB', '18 MB', '5 GB']);
  assert.deepEqual([0, 40_000, 5 * minute, 3 * 60 * minute, 2 * day].map(formatAge), ['just now', '40 s ago', '5 min ago', '3 h ago', '2 days ago']);
  assert.deepEqual([1, 1_204].map((count) => formatCount(count, 'file')), ['1 file', '1,204 files']);
});
