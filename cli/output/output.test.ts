import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Progress } from '../../engine/run/reports.ts';
import { coloursFor, wantsColour } from './colours.ts';
import { Output, type Stream } from './output.ts';
import { ProgressMeter } from './progressMeter.ts';
import { formatTable } from './table.ts';
import { formatBytes, formatCount, formatDuration, formatMode } from './units.ts';

function stream(isTTY: boolean): Stream & { readonly text: () => string } {
  let text = '';
  const write = (part: string | Uint8Array): boolean => {
    text += String(part);
    return true;
  };
  return { write, once: unexpected, off: unexpected, isTTY, columns: 60, text: () => text };
}

function unexpected(): never {
  throw new Error('unexpected call');
}

const sending: Progress = { phase: 'upload', filesDone: 5, filesTotal: 10, bytesDone: 1024, bytesTotal: 4096 };

test('bytes, durations, counts and modes read well', () => {
  assert.deepEqual([0, 999, 1024, 1536, 12_582_912, 104_857_600, 2 ** 41].map(formatBytes), [
    '0 B',
    '999 B',
    '1 KiB',
    '1.5 KiB',
    '12 MiB',
    '100 MiB',
    '2 TiB',
  ]);
  assert.deepEqual([-5, 3_999, 125_000, 12_000_000].map(formatDuration), ['0 s', '4 s', '2 min 05 s', '3 h 20 min']);
  assert.deepEqual([formatCount(1, 'file'), formatCount(1204, 'file'), formatCount(2, 'entry', 'entries')], [
    '1 file',
    '1,204 files',
    '2 entries',
  ]);
  assert.equal(formatMode(0o754), 'rwxr-xr--');
});

test('columns line up, colours not counted', () => {
  const bold = coloursFor(true).bold;
  assert.equal(formatTable([[bold('a'), '1'], ['bbb', '22']], ['left', 'right']), `${bold('a')}     1\nbbb  22`);
});

test('NO_COLOR, a dumb terminal and a pipe mean no colour', () => {
  assert.equal(wantsColour({}, true), true);
  assert.equal(wantsColour({ NO_COLOR: '' }, true), true);
  assert.equal(wantsColour({ NO_COLOR: '1' }, true), false);
  assert.equal(wantsColour({ TERM: 'dumb' }, true), false);
  assert.equal(wantsColour({}, false), false);
});

test('progress tells rate and time left', () => {
  const meter = new ProgressMeter();
  assert.equal(meter.line(sending, 0), 'Sending  5 of 10 files  1 KiB of 4 KiB (25 %)');
  assert.equal(
    meter.line({ ...sending, filesDone: 6, bytesDone: 2048 }, 1000),
    'Sending  6 of 10 files  2 KiB of 4 KiB (50 %)  1 KiB/s  2 s left',
  );
});

test('under --json stdout holds nothing but the document', () => {
  const stdout = stream(false);
  const stderr = stream(true);
  const output = new Output({ stdout, stderr, clock: { now: () => 1e6 }, colours: coloursFor(false), json: true, progress: false });
  output.line('for people');
  output.progress(sending);
  output.document({ a: 1 });
  assert.equal(stdout.text(), '{"a":1}\n');
  assert.equal(stderr.text(), '');
});

test('a progress line on a terminal is taken away before anything else is said', () => {
  const stdout = stream(true);
  const stderr = stream(true);
  const output = new Output({ stdout, stderr, clock: { now: () => 1e6 }, colours: coloursFor(false), json: false, progress: false });
  output.progress(sending);
  output.progress(sending); // too soon after the first
  output.line('done');
  assert.equal(stderr.text(), '\r\u001b[KSending  5 of 10 files  1 KiB of 4 KiB (25 %)\r\u001b[K');
  assert.equal(stdout.text(), 'done\n');
});
