import { encodeUtf8, toHex } from '../../../base/bytes.ts';
import type { BytePath } from '../../core/byteString.ts';
import { joinPath } from '../../core/byteString.ts';
import { markLine } from '../../core/restore/marks.ts';
import type { DirectoryMark, FileMark, LinkMark, Mark } from '../../core/restore/marks.ts';
import type { Hasher } from '../../ports/primitives.ts';
import { fileMark } from './targetFolder.ts';
import type { LocalFile, TargetFolder } from './targetFolder.ts';

/** Everything at and under a directory of the target. */
export interface Survey {
  readonly mark: DirectoryMark;
  /** The directory itself and all beneath, in no order. */
  readonly paths: readonly BytePath[];
  readonly files: number;
  readonly bytes: number;
  /** What can be neither captured nor moved safely: sockets, pipes, devices, what cannot be looked at. */
  readonly odd: readonly BytePath[];
}

export interface SurveyParts {
  readonly target: TargetFolder;
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
}

/** Walks a directory without recursion and sums it up, so that it can be told later whether anybody touched it. */
export async function surveyDirectory(directory: BytePath, { target, hasher, signal }: SurveyParts): Promise<Survey> {
  const lines: string[] = [];
  const paths: BytePath[] = [directory];
  const odd: BytePath[] = [];
  let files = 0;
  let bytes = 0;
  const left = [directory];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    for (const local of await target.list(at, { signal })) {
      const path = joinPath(at, local.name);
      paths.push(path);
      const mark = markOf(local);
      if (local.kind === 'directory') left.push(path);
      else if (mark === undefined) odd.push(path);
      else files += 1;
      bytes += local.kind === 'file' ? local.size : 0;
      lines.push(markLine(path.slice(directory.length), mark ?? { kind: local.kind === 'directory' ? 'directory' : 'other' }));
    }
  }
  const digest = toHex(hasher.sha256(encodeUtf8(lines.sort().join('\n'))));
  return { mark: { kind: 'directory', digest }, paths, files, bytes, odd };
}

/** The mark of whatever is at `path`: nothing, a file, a link, or a directory with all beneath. */
export async function surveyMark(path: BytePath, parts: SurveyParts): Promise<Mark | undefined> {
  const stat = await parts.target.stat(path);
  if (stat?.kind === 'directory') return (await surveyDirectory(path, parts)).mark;
  return stat && (await parts.target.mark(path));
}

/** The same of what was just listed there. */
export async function markOfLocal(path: BytePath, local: LocalFile | undefined, parts: SurveyParts): Promise<Mark | undefined> {
  if (local?.kind === 'directory') return (await surveyDirectory(path, parts)).mark;
  return local && markOf(local);
}

/** Of a listed file or link; undefined for other kinds. */
export function markOf({ kind, stat, target }: LocalFile): FileMark | LinkMark | undefined {
  if (stat === undefined) return undefined;
  if (kind === 'symlink' && target !== undefined) return { kind, target, inode: stat.inode };
  return kind === 'file' ? fileMark(stat) : undefined;
}
