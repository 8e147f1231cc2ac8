import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspaceId } from '../../../protocol/ids.ts';
import { testContext } from '../../testing/testContext.ts';
import { byteStringOfText, rootPath } from '../byteString.ts';
import { originId, pathId } from './pathId.ts';

const context = testContext();
const [one, two] = ['11'.repeat(16), '22'.repeat(16)] as [WorkspaceId, WorkspaceId];

describe('pathId', () => {
  it('is the same for the same path of the same workspace, and else another', () => {
    const path = byteStringOfText('src/é.ts');
    assert.match(pathId(one, path, context), /^[0-9a-f]{48}$/);
    assert.equal(pathId(one, path, context), pathId(one, path, context));
    assert.notEqual(pathId(one, path, context), pathId(two, path, context));
    assert.notEqual(pathId(one, path, context), pathId(one, byteStringOfText('src/e.ts'), context));
    assert.notEqual(pathId(one, path, context), pathId(one, path, testContext('stranger')));
    assert.notEqual(pathId(one, rootPath, context), pathId(two, rootPath, context));
  });
});

describe('originId', () => {
  it('keeps host and path apart', () => {
    assert.notEqual(originId('ab', 'c', context), originId('a', 'bc', context));
    assert.equal(originId('host', '/a', context), originId('host', '/a', context));
  });

  it('takes the bytes of a path, not text', () => {
    assert.throws(() => originId('host', '/Ā', context), { code: 'invalid' });
  });
});
