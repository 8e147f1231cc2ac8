import { BackupError } from '../../base/errors.ts';
import { bytesOfByteString, type BytePath } from '../../engine/core/byteString.ts';
import type { Dirty } from '../../engine/run/reports.ts';
import { parseSnapshotId, type SnapshotId } from '../../protocol/ids.ts';
import { flag, list, oneOf, parseFields, text, type FieldReader, type Parse } from '../../protocol/messages/fields.ts';

const pathsMax = 100_000;
const textBytesMax = 64 * 1024;

/** What can be asked of a folder's owner, in this process or in another. */
export type FolderRequest = PushRequest | RestoreRequest | UndoRequest;

export interface PushRequest {
  readonly kind: 'push';
  readonly dirty: Dirty;
  readonly message: string | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
  /** Flags that differ from the usual: the owner must have been started with the same. */
  readonly git: boolean;
  readonly noGitignore: boolean;
}

export interface RestoreRequest {
  readonly kind: 'restore';
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
  readonly deleteOthers: boolean;
  readonly dryRun: boolean;
}

export interface UndoRequest {
  readonly kind: 'undo';
}

/** As JSON can say it. */
export function encodeFolderRequest(request: FolderRequest): object {
  if (request.kind !== 'push' || request.dirty === 'all') return request;
  return { ...request, dirty: [...request.dirty] };
}

/** Errors: `invalid` for anything else than a request of this version. */
export function parseFolderRequest(value: unknown): FolderRequest {
  return parseFields(value, { what: 'the request to the owner of the folder', unknown: 'refuse' }, readRequest);
}

function readRequest(fields: FieldReader): FolderRequest {
  const kind = fields.required('kind', oneOf(['push', 'restore', 'undo']));
  switch (kind) {
    case 'push':
      return {
        kind,
        dirty: fields.required('dirty', parseDirty),
        message: fields.optional('message', text(textBytesMax)),
        force: fields.required('force', flag),
        dryRun: fields.required('dryRun', flag),
        git: fields.required('git', flag),
        noGitignore: fields.required('noGitignore', flag),
      };
    case 'restore':
      return {
        kind,
        snapshot: fields.required('snapshot', parseSnapshotId),
        path: fields.required('path', parsePath),
        deleteOthers: fields.required('deleteOthers', flag),
        dryRun: fields.required('dryRun', flag),
      };
    case 'undo':
      return { kind };
    default:
      return kind satisfies never;
  }
}

const parseDirty: Parse<Dirty> = (value, what) => (value === 'all' ? value : new Set(list(pathsMax, parsePath)(value, what)));

const parsePath: Parse<BytePath> = (value, what) => {
  const path = text(textBytesMax)(value, what);
  bytesOfByteString(path);
  if (path.split('/').some((name) => name === '..' || name === '.')) throw new BackupError('invalid', `${what} leaves the folder.`);
  return path as BytePath;
};
