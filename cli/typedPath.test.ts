import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from './arguments.ts';
import { parseTypedSnapshot } from './typedPath.ts';

test('a snapshot is named by latest or the start of an id, with a path after a colon', () => {
  const table: readonly [string, object][] = [
    ['latest', { snapshot: 'latest', path: '' }],
    ['LATEST:', { snapshot: 'latest', path: '' }],
    ['1F3A:src/./main.ts', { snapshot: '1f3a', path: 'src/main.ts' }],
    ['latest:/a//b/', { snapshot: 'latest', path: 'a/b' }],
    ['latest:a:b', { snapshot: 'latest', path: 'a:b' }],
    ['latest:é', { snapshot: 'latest', path: 'Ã©' }],
    ['latest:\\xff', { snapshot: 'latest', path: 'ÿ' }],
  ];
  for (const [text, want] of table) assert.deepEqual(parseTypedSnapshot(text), want, text);
  for (const text of ['', 'latest:../a', 'latest:a/..', ':a']) {
    assert.throws(() => parseTypedSnapshot(text), UsageError, text);
  }
});
