import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError } from '../../base/errors.ts';
import type { BytePath } from '../../engine/core/byteString.ts';
import type { SnapshotId } from '../../protocol/ids.ts';
import { encodeFolderRequest, parseFolderRequest, type FolderRequest } from './folderRequest.ts';

const push = { kind: 'push', dirty: 'all', message: undefined, force: false, dryRun: false, git: false, noGitignore: false } as const;
const requests: readonly FolderRequest[] = [
  push,
  { ...push, dirty: new Set(['a/b', 'Ã©', ''] as BytePath[]), message: 'words', force: true },
  { kind: 'restore', snapshot: 'ab'.repeat(32) as SnapshotId, path: 'src' as BytePath, deleteOthers: true, dryRun: false },
  { kind: 'undo' },
];

test('a request to the owner of a folder survives JSON', () => {
  for (const request of requests) {
    assert.deepEqual(parseFolderRequest(JSON.parse(JSON.stringify(encodeFolderRequest(request)))), request);
  }
});

test('anything else is refused', () => {
  const good = encodeFolderRequest(requests[2]!);
  const wrong = [undefined, {}, { kind: 'delete' }, { ...good, path: '../a' }, { ...good, path: 'é€' }, { ...good, extra: 1 }, { ...push, dirty: 'some' }];
  for (const value of wrong) assert.throws(() => parseFolderRequest(value), (error) => isBackupError(error, 'invalid'), JSON.stringify(value));
});
