import type { ByteName, BytePath } from '../../core/byteString.ts';
import type { Decision } from '../../core/ignore/decision.ts';
import type { SnapshotWarning } from '../../core/snapshot/snapshotTypes.ts';
import type { AbsolutePath, Files, FileStat } from '../../ports/files.ts';
import type { FolderRules } from './folderRules.ts';

/** The folder that is scanned. */
export interface ScanContext {
  readonly files: Files;
  readonly root: AbsolutePath;
  readonly rules: FolderRules;
}

/** A name that is backed up: a file, a directory or a symlink. */
export interface ListedEntry {
  readonly name: ByteName;
  readonly stat: FileStat;
  /** The bytes of a symlink's target; undefined for other kinds. */
  readonly target: string | undefined;
}

export type ListedDirectory =
  | {
      readonly kind: 'listed';
      /** In byte order of their names. */
      readonly entries: readonly ListedEntry[];
      /** One for each name that cannot be backed up as it is. */
      readonly warnings: readonly SnapshotWarning[];
      /** Kept files of which another name exists. */
      readonly hardLinks: number;
      readonly leftOut: number;
      /** What was left out and why; empty unless an explanation was asked for. */
      readonly decisions: readonly { readonly name: ByteName; readonly decision: Decision }[];
    }
  /** It is not there any more, or no directory. */
  | { readonly kind: 'gone' }
  /** It is there, but what is in it cannot be known now: unreadable, too deep, or a locked `.git`. */
  | { readonly kind: 'unreadable'; readonly warning: SnapshotWarning };

/** One path, looked at without listing its directory. */
export type InspectedPath =
  | { readonly kind: 'kept'; readonly entry: ListedEntry }
  /** `at` is the path that the rule speaks of: this one or a directory above it. */
  | { readonly kind: 'left-out'; readonly at: BytePath; readonly decision: Decision }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreadable'; readonly warning: SnapshotWarning };
