import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError } from '../../../base/errors.ts';
import type { BytePath } from '../../core/byteString.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import type { FolderRequest } from './folderRequest.ts';
import { encodeFolderRequest, parseFolderRequest, usualPush } from './folderRequest.ts';

const push = { ...usualPush, dirty: 'all', trigger: 'manual' } as const;
const requests: readonly FolderRequest[] = [
  push,
  { ...push, dirty: new Set(['a/b', 'Ã©', ''] as BytePath[]), message: 'words', force: true },
  { kind: 'restore', snapshot: 'ab'.repeat(32) as SnapshotId, path: 'src' as BytePath, deleteOthers: true, except: new Set(['src/open.ts'] as BytePath[]) },
  { kind: 'undo', except: new Set() },
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
