import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId, TreeId } from '../../../protocol/ids.ts';
import { nameOfPath } from '../byteString.ts';
import type { BytePath } from '../byteString.ts';
import { findMoves } from './findMoves.ts';
import type { PlacedEntry } from './findMoves.ts';

/** `path=content#inode`, a directory with a slash at its end. */
function placed(text: string): PlacedEntry {
  const [, path = '', content = '', inode] = /^([^=#]+?)(?:=([^#]*))?(?:#(\d+))?$/.exec(text) ?? [];
  const at = path.replace(/\/$/, '') as BytePath;
  const base = { name: nameOfPath(at), mode: 0o644, mtimeNs: 0n };
  const number = inode === undefined ? undefined : BigInt(inode);
  if (path.endsWith('/')) return { path: at, entry: { ...base, kind: 'directory', tree: 't' as TreeId }, inode: number };
  const chunks = content === '' ? [] : [content as ChunkId];
  return { path: at, entry: { ...base, kind: 'file', size: content.length, content: { kind: 'chunks', chunks } }, inode: number };
}

function check(gone: readonly string[], came: readonly string[], want: readonly string[]): void {
  const moves = findMoves({ gone: gone.map(placed), came: came.map(placed) });
  assert.deepEqual(moves.map(({ kind, from, to }) => `${kind} ${from} → ${to}`), want);
}

test('pairs files by inode and size before content', () => {
  check(['a=one#1', 'b=two#2'], ['c=two#1', 'd=one#2'], ['file a → c', 'file b → d']);
  check(['a=one#1'], ['b=ones#1'], []);
});

test('pairs files by content that only one gone and one new file have', () => {
  check(['a=one'], ['b=one'], ['file a → b']);
  check(['a=one', 'a2=one'], ['b=one'], []);
  check(['a=one'], ['b=one', 'b2=one'], []);
});

test('never pairs empty files by content', () => {
  check(['a'], ['b'], []);
});

test('answers a moved folder once, files that changed on the way included', () => {
  check(['old/', 'old/x=1', 'old/y=2', 'old/z=3'], ['new/', 'new/x=1', 'new/y=2', 'new/z=4'], ['directory old → new']);
  check(['p/', 'p/q/', 'p/q/x=1', 'p/y=2'], ['r/', 'r/q/', 'r/q/x=1', 'r/y=2'], ['directory p → r']);
});

test('answers files that left a moved folder for another place by themselves', () => {
  check(
    ['old/', 'old/x=1', 'old/y=2', 'old/z=3'],
    ['new/', 'new/x=1', 'new/y=2', 'z=3'],
    ['directory old → new', 'file old/z → z'],
  );
});

test('does not call a folder moved when few of its files are', () => {
  check(['old/', 'old/x=1', 'old/y=2', 'old/z=3'], ['new/', 'new/x=1', 'new/b=5', 'new/c=6'], ['file old/x → new/x']);
});

test('does not call a folder moved that is still there', () => {
  check(['old/x=1'], ['new/', 'new/x=1'], ['file old/x → new/x']);
});
