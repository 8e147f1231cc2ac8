import { systemCodeOf } from '../../../base/errors.ts';
import { linkTargetBytesMax, nameBytesMax, pathBytesMax } from '../../../protocol/limits.ts';
import { type ByteName, type BytePath, joinPath, nameOfPath, namesOfPath } from '../../core/byteString.ts';
import type { Decision } from '../../core/ignore/decision.ts';
import { type Candidate, environmentMarker } from '../../core/ignore/directoryRules.ts';
import type { SnapshotWarning, WarningKind } from '../../core/snapshot/snapshotTypes.ts';
import type { FileStat, ListedName } from '../../ports/files.ts';
import { packageName, type RulesAt } from './folderRules.ts';
import type { ListedDirectory, ListedEntry, ScanContext } from './scanTypes.ts';

export interface ListDirectoryOptions {
  readonly signal: AbortSignal;
  /** Collects a decision for every name that is left out. */
  readonly explain?: true;
}

/**
 * Lists one directory of the folder as it is to be backed up. What cannot be backed up is a warning, never an error:
 * the run goes on. Call it from the root down, only for directories that the listing above kept.
 */
export async function listDirectory(
  context: ScanContext,
  path: BytePath,
  { signal, explain }: ListDirectoryOptions,
): Promise<ListedDirectory> {
  const { files, root, rules } = context;
  let listed: readonly ListedName[];
  try {
    listed = await files.listWithStats(files.join(root, ...namesOfPath(path)), { marker: environmentMarker, signal });
  } catch (error) {
    signal.throwIfAborted();
    return directoryFault(path, systemCodeOf(error));
  }
  const names = new Set<string>(listed.map(({ name }) => name));
  if (nameOfPath(path) === '.git' && isGitLocked(names)) return { kind: 'unreadable', warning: { path, kind: 'locked' } };
  const rulesAt = await rules.rulesListed(path, names);
  if (rulesAt.kind === 'gone') return { kind: 'gone' };

  const collector = new Collector(path, rulesAt, context);
  for (const one of listed.toSorted(byName)) collector.take(one, { besidePackage: names.has(packageName), explain: explain === true });
  return collector.result();
}

/** Git writes next to these while it works; what is read meanwhile may not fit together. */
export function isGitLocked(names: ReadonlySet<string>): boolean {
  return ['index.lock', 'HEAD.lock', 'packed-refs.lock', 'config.lock', 'shallow.lock'].some((name) => names.has(name));
}

/** What stops a path from being backed up whatever the rules say, or undefined. */
export function entryFault(stat: FileStat, { path, target }: { readonly path: BytePath; readonly target: string | undefined }): WarningKind | undefined {
  if (stat.kind === 'other') return 'not-a-file';
  if (nameOfPath(path).length > nameBytesMax) return 'name-too-long';
  if (path.length > pathBytesMax || (target !== undefined && target.length > linkTargetBytesMax)) return 'path-too-long';
  return undefined;
}

/** The warning for a path that the system refuses to show. */
export function warningOf(path: BytePath, code: string | undefined): SnapshotWarning {
  return { path, kind: code === 'ENAMETOOLONG' ? 'path-too-long' : 'unreadable' };
}

export function isGoneCode(code: string | undefined): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function directoryFault(path: BytePath, code: string | undefined): ListedDirectory {
  return isGoneCode(code) ? { kind: 'gone' } : { kind: 'unreadable', warning: warningOf(path, code) };
}

function byName(a: ListedName, b: ListedName): number {
  return a.name < b.name ? -1 : 1;
}

class Collector {
  readonly #directory: BytePath;
  readonly #rulesAt: RulesAt;
  readonly #context: ScanContext;
  readonly #entries: ListedEntry[] = [];
  readonly #warnings: SnapshotWarning[] = [];
  readonly #decisions: { name: ByteName; decision: Decision }[] = [];
  #hardLinks = 0;
  #leftOut = 0;

  constructor(directory: BytePath, rulesAt: RulesAt, context: ScanContext) {
    this.#directory = directory;
    this.#rulesAt = rulesAt;
    this.#context = context;
  }

  take(one: ListedName, { besidePackage, explain }: { readonly besidePackage: boolean; readonly explain: boolean }): void {
    const { name, stat } = one;
    const path = joinPath(this.#directory, name);
    const holdsEnvironment = stat !== undefined && one.marked;
    const decision = this.#decide({ name, kind: candidateKind(stat), size: stat?.size ?? 0, besidePackage, holdsEnvironment }, path);
    if (!decision.kept) {
      this.#leftOut += 1;
      if (decision.rule.kind === 'size') this.#warnings.push({ path, kind: 'too-large' });
      if (explain) this.#decisions.push({ name, decision });
    } else if (stat === undefined) this.#warnings.push(warningOf(path, one.code));
    else this.#keep({ name, stat, target: one.target }, path);
  }

  result(): ListedDirectory {
    return {
      kind: 'listed',
      entries: this.#entries,
      warnings: this.#warnings,
      hardLinks: this.#hardLinks,
      leftOut: this.#leftOut,
      decisions: this.#decisions,
    };
  }

  #decide(candidate: Candidate, path: BytePath): Decision {
    if (this.#context.rules.isIncluded(path)) return { kept: true, rule: { kind: 'asked' } };
    if (this.#rulesAt.kind === 'rules') return this.#rulesAt.rules.decide(candidate);
    if (this.#rulesAt.kind === 'left-out') return this.#rulesAt.decision;
    throw new Error('Broken invariant: a directory that is gone has no names.');
  }

  #keep(entry: ListedEntry, path: BytePath): void {
    const fault = entryFault(entry.stat, { path, target: entry.target });
    if (fault !== undefined) {
      this.#warnings.push({ path, kind: fault });
      return;
    }
    if (entry.stat.kind === 'file' && entry.stat.links > 1) this.#hardLinks += 1;
    this.#entries.push(entry);
  }
}

export function candidateKind(stat: FileStat | undefined): Candidate['kind'] {
  return stat?.kind === 'file' || stat?.kind === 'directory' ? stat.kind : 'other';
}
