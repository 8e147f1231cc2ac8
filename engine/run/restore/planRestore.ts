import type { TreeId } from '../../../protocol/ids.ts';
import type { BytePath, ByteName } from '../../core/byteString.ts';
import { isWithin, joinPath, namesOfPath, parentPath, rootPath } from '../../core/byteString.ts';
import type { FormatContext } from '../../core/formatContext.ts';
import { isOwnSiblingName } from '../../core/ignore/ownNames.ts';
import { decide, needsContent, pairNames, sameMeta } from '../../core/restore/planDirectory.ts';
import type { NamePair } from '../../core/restore/planDirectory.ts';
import type { Mark } from '../../core/restore/marks.ts';
import type { DirectoryAction, Meta, RefusedPath, RestoreAction, RestorePlan } from '../../core/restore/restorePlan.ts';
import type { RefusalReason, TargetRules } from '../../core/restore/targetNames.ts';
import type { FileContent, FileEntry, TreeEntry } from '../../core/tree/treeTypes.ts';
import { sameFileContent } from '../../core/diff/compareEntries.ts';
import type { FileStat } from '../../ports/files.ts';
import type { ObjectReader } from '../read/objectReader.ts';
import { hasContent } from './hasContent.ts';
import { markOf, surveyDirectory } from './surveyDirectory.ts';
import type { LocalFile, TargetFolder } from './targetFolder.ts';
import { walkWanted, wantedIn } from './wanted.ts';

export interface PlanOptions {
  readonly reader: ObjectReader;
  readonly context: Pick<FormatContext, 'hasher' | 'keys'>;
  readonly target: TargetFolder;
  /** The target does not exist yet. */
  readonly nothingThere?: boolean;
  readonly rules: TargetRules;
  /** What the target's root is to be: a stored directory, or some entries. */
  readonly wanted: TreeId | readonly TreeEntry[];
  /** Only this path of it, and what is under it. */
  readonly scope: BytePath;
  readonly existing: 'replace' | 'keep';
  /** Deletes what the snapshot does not have; only of what the folder's rules keep, which `keptNames` tells. */
  readonly deleteOthers: { keptNames(directory: BytePath): Promise<ReadonlySet<ByteName>> } | undefined;
  /** The content that a file is known to have by its stat, which saves reading it. */
  readonly known?: (path: BytePath, stat: FileStat) => FileContent | undefined;
  readonly signal: AbortSignal;
}

/**
 * Compares what is stored with what is there and says what a restore would do. Reads; changes nothing. Content that
 * is there already is recognised by its ids and not fetched.
 */
export async function planRestore(options: PlanOptions): Promise<RestorePlan> {
  return await new Planner(options).run();
}

interface Visit {
  readonly directory: BytePath;
  readonly wanted: TreeId | readonly TreeEntry[];
}

class Planner {
  readonly #options: PlanOptions;
  readonly #actions: RestoreAction[] = [];
  readonly #directories: DirectoryAction[] = [];
  readonly #refused: RefusedPath[] = [];
  readonly #leftovers: BytePath[] = [];
  readonly #touched = new Set<BytePath>();
  readonly #left: Visit[];
  readonly #totals = { files: 0, directories: 0, symlinks: 0, bytes: 0, replaced: 0, deleted: 0, meta: 0, same: 0 };

  constructor(options: PlanOptions) {
    this.#options = options;
    this.#left = [{ directory: rootPath, wanted: options.wanted }];
  }

  async run(): Promise<RestorePlan> {
    for (let visit = this.#left.pop(); visit !== undefined; visit = this.#left.pop()) await this.#visit(visit);
    const actions = this.#actions.sort((a, b) => (a.path < b.path ? -1 : 1));
    const changed = new Set(actions.flatMap(({ kind, path }) => (kind === 'put' || kind === 'delete' ? [parentPath(path)] : [])));
    const directories = this.#directories.filter((each) => changed.has(each.path) || !isMet(each)).map((each) => withoutTouching(each, changed));
    // A directory sorts before all that is under it, so the reverse is deepest first.
    directories.sort((a, b) => (a.path < b.path ? 1 : -1));
    for (const { path } of directories) this.#touched.add(path);
    return { actions: [...actions, ...directories], refused: this.#refused, leftovers: this.#leftovers, touched: this.#touched, totals: this.#totals };
  }

  async #visit({ directory, wanted }: Visit): Promise<void> {
    const { reader, rules, scope, signal } = this.#options;
    signal.throwIfAborted();
    const entries = typeof wanted === 'string' ? await wantedIn(reader, { directory, tree: wanted, scope }) : wanted;
    const within = isWithin(directory, scope);
    const only = within ? undefined : namesOfPath(scope)[namesOfPath(directory).length];
    const listed = await this.#list(directory);
    if (listed === undefined) return;
    const local = listed.filter(({ name }) => only === undefined || rules.caseInsensitive || name === only);
    const locals = new Map(local.map((each) => [each.name, each]));
    const { pairs, refusals } = pairNames(entries, local, rules);
    for (const { name, reason } of refusals) this.#refuse(joinPath(directory, name), reason);
    const kept = within ? await this.#options.deleteOthers?.keptNames(directory) : undefined;
    for (const pair of pairs) {
      await this.#pair({ ...pair, path: joinPath(directory, pair.name), file: pair.local && locals.get(pair.local.name), kept });
    }
  }

  /** Undefined when what is there cannot be looked at: then nothing in it is touched. */
  async #list(directory: BytePath): Promise<readonly LocalFile[] | undefined> {
    const { target, nothingThere, signal } = this.#options;
    if (nothingThere === true) return [];
    try {
      return await target.list(directory, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (directory === rootPath) throw error;
      this.#refuse(directory, 'unreadable');
      return undefined;
    }
  }

  async #pair(pair: PlacedPair): Promise<void> {
    const { path, wanted, file, kept } = pair;
    const sameContent = needsContent(pair) && (await this.#hasContent(path, wanted as FileEntry, file));
    const decision = decide(pair, { sameContent, existing: this.#options.existing, deleteOthers: kept?.has(pair.name) ?? false });
    switch (decision.kind) {
      case 'same':
        this.#totals.same += 1;
        break;
      case 'meta':
        this.#meta(pair);
        break;
      case 'descend':
        this.#descend(pair);
        break;
      case 'create':
        if (wanted !== undefined) await this.#put(path, wanted, undefined);
        break;
      case 'replace':
        await this.#replace(pair);
        break;
      case 'delete':
        await this.#delete(pair);
        break;
      case 'refuse':
        this.#refuse(path, decision.reason);
        break;
      case 'keep':
        if (isOwnSiblingName(pair.name)) this.#leftovers.push(path);
        break;
      default:
        decision satisfies never;
    }
  }

  #meta({ path, wanted, file }: PlacedPair): void {
    const before = file && markOf(file);
    if (before === undefined || file === undefined || wanted === undefined) return;
    const mode = wanted.kind === 'symlink' ? undefined : wanted.mode;
    const set = { mode, mtimeNs: wanted.mtimeNs };
    const was = { mode: mode === undefined ? undefined : file.mode, mtimeNs: file.mtimeNs };
    this.#actions.push({ kind: 'meta', path, before, set, was });
    this.#touched.add(path);
    this.#totals.meta += 1;
  }

  #descend({ path, wanted, file }: PlacedPair): void {
    if (wanted?.kind !== 'directory' || file === undefined) return;
    this.#left.push({ directory: path, wanted: wanted.tree });
    const was = { mode: file.mode, mtimeNs: file.mtimeNs };
    const own = isWithin(path, this.#options.scope);
    this.#directories.push({ kind: 'directory', path, set: own ? { mode: wanted.mode, mtimeNs: wanted.mtimeNs } : noMeta, was });
  }

  async #replace({ path, wanted, file }: PlacedPair): Promise<void> {
    if (wanted === undefined || file === undefined) return;
    const before = await this.#takeAway(path, file);
    if (before === undefined) this.#refuse(path, 'in-the-way');
    else {
      this.#totals.replaced += before.files;
      await this.#put(path, wanted, before.mark);
    }
  }

  async #delete({ path, file }: PlacedPair): Promise<void> {
    if (file === undefined) return;
    if (file.kind === 'directory' && (await this.#holdsLeftOut(path))) {
      this.#left.push({ directory: path, wanted: [] });
      this.#directories.push({ kind: 'directory', path, set: noMeta, was: { mode: file.mode, mtimeNs: file.mtimeNs } });
      return;
    }
    const before = await this.#takeAway(path, file);
    if (before === undefined) return;
    this.#totals.deleted += before.files;
    this.#actions.push({ kind: 'delete', path, before: before.mark });
  }

  /** What is to go aside; undefined when something in it cannot be captured. */
  async #takeAway(path: BytePath, file: LocalFile): Promise<{ readonly mark: Mark; readonly files: number } | undefined> {
    const { target, context, signal } = this.#options;
    if (file.kind !== 'directory') {
      const mark = markOf(file);
      if (mark !== undefined) this.#touched.add(path);
      return mark && { mark, files: 1 };
    }
    const survey = await surveyDirectory(path, { target, hasher: context.hasher, signal });
    if (survey.odd.length > 0) return undefined;
    for (const each of survey.paths) this.#touched.add(each);
    return survey;
  }

  async #put(path: BytePath, entry: TreeEntry, before: Mark | undefined): Promise<void> {
    const { reader, rules, scope } = this.#options;
    const only = isWithin(path, scope) ? undefined : scope;
    this.#actions.push({ kind: 'put', path, entry, only, before });
    for await (const wanted of walkWanted(reader, { path, entry, scope, rules })) {
      if (wanted.refused !== undefined) this.#refuse(wanted.path, wanted.refused);
      else if (wanted.entry.kind === 'directory') this.#totals.directories += 1;
      else if (wanted.entry.kind === 'symlink') this.#totals.symlinks += 1;
      else {
        this.#totals.files += 1;
        this.#totals.bytes += wanted.entry.size;
      }
    }
  }

  #refuse(path: BytePath, reason: RefusalReason): void {
    this.#refused.push({ path, reason });
  }

  async #hasContent(path: BytePath, wanted: FileEntry, file: LocalFile | undefined): Promise<boolean> {
    const { target, reader, context, known, signal } = this.#options;
    const content = file?.stat && known?.(path, file.stat);
    if (content !== undefined) return sameFileContent(content, wanted.content);
    try {
      return await target.at(path, async (absolute) => await hasContent(absolute, wanted, { files: target.files, reader, context, signal }));
    } catch {
      signal.throwIfAborted();
      return false; // Unreadable or gone meanwhile: as good as different; replacing it decides again.
    }
  }

  /** Whether anything beneath is left out by the folder's rules: such things are never deleted. */
  async #holdsLeftOut(directory: BytePath): Promise<boolean> {
    const { target, deleteOthers, signal } = this.#options;
    const left = [directory];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      const kept = await deleteOthers?.keptNames(at);
      for (const { name, kind } of await target.list(at, { signal })) {
        if (kept?.has(name) !== true) return true;
        if (kind === 'directory') left.push(joinPath(at, name));
      }
    }
    return false;
  }
}

interface PlacedPair extends NamePair {
  readonly path: BytePath;
  readonly file: LocalFile | undefined;
  /** Names of the directory that may be deleted. */
  readonly kept: ReadonlySet<ByteName> | undefined;
}

const noMeta: Meta = { mode: undefined, mtimeNs: undefined };
const ownerMayChange = 0o300;

function isMet({ set, was }: DirectoryAction): boolean {
  if (set.mtimeNs === undefined || was.mtimeNs === undefined) return set.mode === undefined || set.mode === was.mode;
  return sameMeta({ kind: 'directory', mode: set.mode, mtimeNs: set.mtimeNs } as TreeEntry, { mode: was.mode, mtimeNs: was.mtimeNs });
}

/** A directory whose mode is not restored, but has to be opened for changes in it, gets back the mode it has. */
function withoutTouching(action: DirectoryAction, changed: ReadonlySet<BytePath>): DirectoryAction {
  const { set, was, path } = action;
  if (set.mode !== undefined || was.mode === undefined || !changed.has(path) || (was.mode & ownerMayChange) === ownerMayChange) return action;
  return { ...action, set: { ...set, mode: was.mode } };
}
