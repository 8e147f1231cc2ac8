import { BackupError } from '../../../base/errors.ts';
import { parseSnapshotId } from '../../../protocol/ids.ts';
import type { SnapshotId } from '../../../protocol/ids.ts';
import { flag, list, oneOf, parseFields, text } from '../../../protocol/messages/fields.ts';
import type { FieldReader, Parse } from '../../../protocol/messages/fields.ts';
import { bytesOfByteString } from '../../core/byteString.ts';
import type { BytePath } from '../../core/byteString.ts';
import type { Dirty, PushReport } from '../reports.ts';
import type { InPlaceReport } from '../restore/restoreReport.ts';

const pathsMax = 100_000;
const textBytesMax = 64 * 1024;
/** So that an answer stays far below what one message between two processes may be. */
const listedMax = 1_000;

/** What can be asked of a folder's owner, in this process or in another. */
export type FolderRequest = PushRequest | RestoreRequest | UndoRequest;

export interface PushRequest {
  readonly kind: 'push';
  readonly dirty: Dirty;
  readonly trigger: 'save' | 'watch' | 'scan' | 'manual';
  readonly message: string | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
  /** What the owner's rules must be made with, where it is not the usual. */
  readonly git: boolean;
  readonly noGitignore: boolean;
}

export interface RestoreRequest {
  readonly kind: 'restore';
  readonly snapshot: SnapshotId;
  readonly path: BytePath;
  readonly deleteOthers: boolean;
  /** Left as they are, whatever the snapshot has. */
  readonly except: ReadonlySet<BytePath>;
}

export interface UndoRequest {
  readonly kind: 'undo';
  readonly except: ReadonlySet<BytePath>;
}

/** A push as it mostly is. */
export const usualPush = { kind: 'push', message: undefined, force: false, dryRun: false, git: false, noGitignore: false } as const;

export type FolderAnswer =
  /** `isNew`: the folder was never backed up before. */
  | { readonly kind: 'pushed'; readonly report: PushReport; readonly isNew: boolean }
  | { readonly kind: 'restored'; readonly report: InPlaceReport };

/** As JSON can say it. */
export function encodeFolderRequest(request: FolderRequest): object {
  if (request.kind !== 'push') return { ...request, except: [...request.except] };
  return request.dirty === 'all' ? request : { ...request, dirty: [...request.dirty] };
}

/** Errors: `invalid` for anything else than a request of this version. */
export function parseFolderRequest(value: unknown): FolderRequest {
  return parseFields(value, { what: 'the request to the owner of the folder', unknown: 'refuse' }, readRequest);
}

/** The same answer with lists that fit into one message; the totals still say how many there are. */
export function shortened(answer: FolderAnswer): FolderAnswer {
  if (answer.kind === 'pushed') {
    const { report } = answer;
    return { ...answer, report: { ...report, warnings: report.warnings.slice(0, listedMax), changed: report.changed.slice(0, listedMax) } };
  }
  const { report } = answer;
  const cut = <T>(items: readonly T[]): readonly T[] => items.slice(0, listedMax);
  const lists = { refused: cut(report.refused), failed: cut(report.failed), keptBeside: cut(report.keptBeside), left: cut(report.left) };
  return { kind: 'restored', report: { ...report, ...lists } };
}

function readRequest(fields: FieldReader): FolderRequest {
  const kind = fields.required('kind', oneOf(['push', 'restore', 'undo']));
  switch (kind) {
    case 'push':
      return {
        kind,
        dirty: fields.required('dirty', (value, what) => (value === 'all' ? value : parsePaths(value, what))),
        trigger: fields.required('trigger', oneOf(['save', 'watch', 'scan', 'manual'])),
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
        except: fields.required('except', parsePaths),
      };
    case 'undo':
      return { kind, except: fields.required('except', parsePaths) };
    default:
      return kind satisfies never;
  }
}

const parsePath: Parse<BytePath> = (value, what) => {
  const path = text(textBytesMax)(value, what);
  bytesOfByteString(path);
  if (path.split('/').some((name) => name === '..' || name === '.')) throw new BackupError('invalid', `${what} leaves the folder.`);
  return path as BytePath;
};

const parsePaths: Parse<ReadonlySet<BytePath>> = (value, what) => new Set(list(pathsMax, parsePath)(value, what));
