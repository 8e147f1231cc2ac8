import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../byteString.ts';
import { planDirty } from './planDirty.ts';
import type { DirtyPart } from './planDirty.ts';

function plain(part: DirtyPart): unknown {
  return part === 'whole' ? part : Object.fromEntries(Array.from(part, ([name, below]) => [name, plain(below)]));
}

function check(paths: readonly string[], want: unknown, shallow: readonly string[] = []): void {
  assert.deepEqual(plain(planDirty(paths as BytePath[], shallow as BytePath[])), want);
}

test('names every dirty path once, from the root down', () => {
  check([], {});
  check(['a', 'b/c', 'b/d'], { a: 'whole', b: { c: 'whole', d: 'whole' } });
});

test('lets a directory stand for what is under it, in any order', () => {
  check(['b/c/d', 'b', 'b/x'], { b: 'whole' });
  check(['a', ''], 'whole');
});

test('looks at all of git’s own folder when something in it is dirty', () => {
  check(['.git/refs/heads/x', 'sub/.git/HEAD', '.gitignore', 'a/.github/x'], { '.git': 'whole', sub: { '.git': 'whole' }, '.gitignore': 'whole', a: { '.github': { x: 'whole' } } });
});

test('names shallow paths without what is under them', () => {
  check(['b/c', 'd'], { a: { x: {} }, b: { c: 'whole' }, d: 'whole' }, ['a/x', 'b', 'b/c/y', 'd/z']);
});
