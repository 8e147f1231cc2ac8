import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWithin, rootPath } from '../byteString.ts';
import type { BytePath } from '../byteString.ts';
import { coarsenRows } from './coarsenRows.ts';
import type { PathChange } from './pathChange.ts';

function changes(...paths: readonly string[]): readonly PathChange[] {
  return paths.map((path) => ({ path: path as BytePath, kind: 'modify' }));
}

function check(paths: readonly string[], countMax: number, want: readonly string[]): void {
  const rows = coarsenRows(changes(...paths), countMax);
  assert.deepEqual(rows.map(({ path, kind }) => `${kind} ${path}`), want);
}

test('leaves rows alone that are few enough', () => {
  check(['a', 'b/c'], 2, ['modify a', 'modify b/c']);
});

test('says “below” of the deepest and fullest directory first', () => {
  check(['a', 'b/x', 'b/y', 'c/1', 'c/2', 'c/3'], 4, ['modify a', 'modify b/x', 'modify b/y', 'below c']);
  check(['a/b/1', 'a/b/2', 'c/1', 'c/2', 'c/3'], 4, ['below a/b', 'modify c/1', 'modify c/2', 'modify c/3']);
});

test('goes up to the root when it must', () => {
  check(['a/1', 'b/1', 'c/1'], 2, ['below ']);
  check(['a', 'b', 'c'], 1, ['below ']);
});

test('keeps a directory’s own row beside what is below it', () => {
  check(['a', 'a/1', 'a/2', 'a/3'], 2, ['modify a', 'below a']);
});

test('stays within the bound and still covers every path', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'dd', 'a!');
  const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/') as BytePath);
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (paths, countMax) => {
      const rows = coarsenRows(changes(...paths), countMax);
      assert.ok(rows.length <= countMax || rows.length === paths.length);
      assert.ok(rows.length <= countMax);
      for (const one of paths) {
        const hit = rows.some(({ path: at, kind }) => at === one || (kind === 'below' && at !== one && (at === rootPath || isWithin(one, at))));
        assert.ok(hit, `${one} is covered`);
      }
      assert.equal(new Set(rows.map(({ path: at, kind }) => `${kind} ${at}`)).size, rows.length);
    }),
  );
});
